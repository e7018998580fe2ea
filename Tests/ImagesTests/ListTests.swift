import Disks
import Foundation
import Images
import SystemPackage
import Template
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct ListTests {
  @Test func `images are listed by name, versions by number`() async throws {
    try await ImageRig.with { rig in
      for version in ["1.10.0", "1.9.0"] { try await rig.publish(shared(.explicit(version))) }
      try await rig.publish(managed("zebra"))
      try await rig.publish(managed("ant"))
      try await rig.publish(target(.vhd(uri: nil), name: "boot"))
      #expect(
        try rig.store.list().images.map(\.name) == [
          "ant", "boot_20200430232406", "gal/ubuntu/1.9.0", "gal/ubuntu/1.10.0", "zebra",
        ])
    }
  }

  @Test func `an image that is replaced again and again is in every list`() async throws {
    try await ImageRig.with { rig in
      let image = try await rig.publish(managed("base"))
      let slot = image.directory.removingLastComponent().string
      let copy = rig.directory.appending("copy").string
      let old = rig.directory.appending("old").string
      let last = 80
      try await withThrowingTaskGroup(of: Void.self) { group in
        // What a build does in the end, without the work before.
        group.addTask {
          for number in 1..<last {
            try FileManager.default.copyItem(atPath: "\(slot)/\(number)", toPath: copy)
            try FileManager.default.moveItem(atPath: copy, toPath: "\(slot)/\(number + 1)")
            try FileManager.default.moveItem(atPath: "\(slot)/\(number)", toPath: old)
            try FileManager.default.removeItem(atPath: old)
          }
        }
        for _ in 0..<1_000_000 {
          let list = try rig.store.list()
          #expect(list.images.map(\.name) == ["base"])
          #expect(list.damaged.isEmpty)
          if list.images.first?.directory == FilePath("\(slot)/\(last)") { break }
          await Task.yield()
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func `a store that is not there has no images`() async throws {
    let store = ImageStore(at: "/nowhere/kiln")
    #expect(try store.list().images.isEmpty)
    #expect(try await store.removeAbandoned().isEmpty)
    #expect(try await failure { try store.find("a") }.reason == .unknown(near: []))
  }

  @Test(arguments: [
    ("{", "it is no JSON of that form"), ("{}", "`form` is missing"),
    ("", "it is no JSON of that form"),
  ])
  func `damaged metadata is told, and the others are listed`(
    _ content: String, _ what: String
  ) async throws {
    try await ImageRig.with { rig in
      let good = try await rig.publish(managed("good"))
      let bad = try await rig.publish(managed("bad"))
      let file = bad.directory.appending("metadata.json")
      try content.write(toFile: file.string, atomically: false, encoding: .utf8)
      let list = try rig.store.list()
      #expect(list.images == [good])
      #expect(list.damaged.map(\.directory) == [bad.directory])
      #expect(
        list.damaged.map(\.error.description) == [
          "could not read `\(file)`: it is not what kiln wrote (\(what))"
        ])
      #expect(list.damaged.first?.error.hint == "remove the directory that the file is in")
    }
  }

  @Test func `an image is found by its id, its name and its definition`() async throws {
    try await ImageRig.with { rig in
      let base = try await rig.publish(managed("base"))
      let old = try await rig.publish(shared(.explicit("1.9.0")))
      let new = try await rig.publish(shared(.explicit("1.10.0")))
      try await rig.publish(shared(.explicit("2.0.0"), excluded: true))
      let id = try definitionID()
      for name in ["BASE", base.metadata.id] { #expect(try rig.store.find(name) == base) }
      for name in ["gal/ubuntu/1.9.0", "\(id)/versions/1.9.0"] {
        #expect(try rig.store.find(name) == old)
      }
      for name in ["Gal/Ubuntu", "gal/ubuntu/latest", id.text, "\(id)/versions/latest"] {
        #expect(try rig.store.find(name) == new)
      }
      let error = try await failure { try rig.store.find("gal/ubunto/1.9.0") }
      #expect(error.description.hasPrefix("could not find the image `gal/ubunto/1.9.0`: there is"))
    }
  }

  @Test func `a name of several images is told with their ids`() async throws {
    try await ImageRig.with { rig in
      try await rig.publish(managed("base", group: "rg1"))
      try await rig.publish(managed("base", group: "rg2"))
      let error = try await failure { try rig.store.find("base") }
      #expect(
        error.reason
          == .ambiguous([
            try managedID("base", group: "rg1").text, try managedID("base", group: "rg2").text,
          ]))
      #expect(error.hint == "give the whole id")
    }
  }

  @Test func `the store is where the XDG specification has data`() throws {
    #expect(
      try ImageStore(environment: ["XDG_DATA_HOME": "/d", "HOME": "/h"]).root == "/d/kiln/images")
    #expect(
      try ImageStore(environment: ["XDG_DATA_HOME": "d", "HOME": "/h"]).root
        == "/h/.local/share/kiln/images")
    #expect(throws: ImageError("find the directory of the images", .nowhere)) {
      try ImageStore(environment: [:])
    }
  }
}
