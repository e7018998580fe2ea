import Disks
import Foundation
import Images
import SystemPackage
import Template
import TestSupport
import Testing

/// Images of the store as the base of a build.
@Suite(.requires("/usr/bin/qemu-img")) struct SourceTests {
  @Test func `a managed image is found by its id in any case`() async throws {
    try await ImageRig.with { rig in
      let image = try await rig.publish(managed("Base"))
      let id = try #require(ResourceID(managedID("base").text.uppercased()))
      let use = try await rig.store.managedImage(id)
      #expect(use.image == image)
      #expect(use.disk == image.disks.first)
      #expect(use.disk.path.isAbsolute)
      #expect(use.firmware == .uefi)
      #expect(use.architecture == "x86_64")
      #expect(use.exactVersion == nil)
      #expect(use.identity == image.identity)
    }
  }

  @Test func `an image of another resource group is another image`() async throws {
    try await ImageRig.with { rig in
      try await rig.publish(managed("base", group: "rg1"))
      let other = try managedID("base", group: "rg2")
      let error = try await failure { try await rig.store.managedImage(other) }
      #expect(error.reason == .unknown(near: [try managedID("base").text]))
      #expect(
        error.description
          == "could not find the managed image `\(other)`: there is none here; near it are "
          + "`\(try managedID("base"))`")
      #expect(error.hint == "bake it first; `kiln images` lists what is here")
      let second = try await rig.publish(managed("base", group: "rg2"))
      #expect(try await rig.store.managedImage(other).image == second)
      #expect(try rig.store.list().images.count == 2)
    }
  }

  @Test func `latest is the highest version that is not excluded from it`() async throws {
    try await ImageRig.with { rig in
      try await rig.publish(shared(.explicit("1.9.0")))
      try await rig.publish(shared(.explicit("1.10.0")))
      try await rig.publish(shared(.explicit("2.0.0"), excluded: true))
      try await rig.publish(shared(.explicit("3.0.0"), definition: "debian"))
      #expect(try await rig.store.sharedImageVersion(version("LATEST")).exactVersion == "1.10.0")
      #expect(try await rig.store.sharedImageVersion(version("2.0.0")).exactVersion == "2.0.0")
      let error = try await failure { try await rig.store.sharedImageVersion(version("2.0.1")) }
      guard case .unknown(let near) = error.reason else {
        Issue.record("\(error)")
        return
      }
      #expect(near.first == (try version("2.0.0").text))
    }
  }

  @Test func `latest of versions that are all excluded is none`() async throws {
    try await ImageRig.with { rig in
      try await rig.publish(shared(.explicit("1.0.0"), excluded: true))
      await #expect(throws: ImageError.self) {
        try await rig.store.sharedImageVersion(version("latest"))
      }
    }
  }

  @Test func `latest tells of a version that can't be read instead of taking an older one`()
    async throws
  {
    try await ImageRig.with { rig in
      try await rig.publish(shared(.explicit("1.0.0")))
      let newer = try await rig.publish(shared(.explicit("1.0.1")))
      try "{".write(
        toFile: newer.directory.appending("metadata.json").string, atomically: false,
        encoding: .utf8)
      let error = try await failure { try await rig.store.sharedImageVersion(version("latest")) }
      guard case .damaged = error.reason else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func `an image that is replaced stays as it is for the build that has it as its base`()
    async throws
  {
    try await ImageRig.with { rig in
      let first = try await rig.publish(managed("base"), run: "run-1")
      do {
        let use = try await rig.store.managedImage(managedID("base"))
        let overlay = try await rig.store.tool.createOverlay(
          at: rig.directory.appending("over"), on: use.disk)
        let second = try await rig.publish(managed("base"), run: "run-2")
        #expect(try rig.store.list().images == [second])
        #expect(try await rig.store.removeAbandoned().isEmpty)
        let flat = try await rig.store.tool.convert(
          from: overlay, to: rig.directory.appending("flat"), as: .raw)
        #expect(try await rig.store.tool.info(flat).virtualSize == 3 << 20 + 512)
        #expect(use.image == first)
      }
      let removed = try await rig.store.removeAbandoned()
      #expect(removed == [first.directory])
      #expect(!FileManager.default.fileExists(atPath: first.directory.string))
      #expect(try rig.store.list().images.count == 1)
    }
  }

  private func version(_ text: String) throws -> ResourceID {
    try #require(ResourceID("\(definitionID())/versions/\(text)"))
  }
}
