import Foundation
import Images
import SystemPackage
import Template
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct RemoveTests {
  @Test func `an image that is removed is gone with its files`() async throws {
    try await ImageRig.with { rig in
      let image = try await rig.publish(managed("base"))
      let version = try await rig.publish(shared(.explicit("1.0.0")))
      try await rig.store.remove(image)
      #expect(try rig.store.list().images == [version])
      #expect(!FileManager.default.fileExists(atPath: image.directory.string))
      #expect(try rig.leftovers() == [])
      let error = try await failure { try await rig.store.remove(image) }
      #expect(error.description == "could not remove the image `base`: there is none here")
      try await rig.store.remove(version)
      try await rig.publish(shared(.explicit("1.0.0")))
    }
  }

  @Test func `an image that a build has as its base is not removed before that ends`() async throws
  {
    try await ImageRig.with { rig in
      let image = try await rig.publish(managed("base"))
      do {
        let uses = [
          try await rig.store.managedImage(managedID("base")),
          try await rig.store.managedImage(managedID("base")),
        ]
        let error = try await failure { try await rig.store.remove(image) }
        #expect(error.reason == .inUse)
        #expect(
          error.description == "could not remove the image `base`: a build has it as its base")
        #expect(try rig.store.list().images == [image])
        #expect(uses.count == 2)
      }
      try await rig.store.remove(image)
      #expect(try rig.store.list().images.isEmpty)
    }
  }

  @Test func `what a living process makes is not taken for abandoned`() async throws {
    try await ImageRig.with { rig in
      let prepared = try await rig.store.prepare(shared(.latest(major: nil)), for: .small)
      let store = ImageStore(at: rig.store.root, tool: try await slowTool(in: rig.directory))
      let (begun, begin) = AsyncStream.makeStream(of: Void.self)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          _ = try await store.publish(rig.disk, as: prepared, rig.provenance()) { done in
            if done > 0 { begin.yield() }
          }
        }
        for await _ in begun { break }
        #expect(try rig.leftovers().count > 2)
        #expect(try await rig.store.removeAbandoned().isEmpty)
        try await group.waitForAll()
      }
      #expect(try rig.store.list().images.map(\.name) == ["gal/ubuntu/0.0.1"])
    }
  }
}
