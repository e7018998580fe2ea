import Disks
import Foundation
import Glibc
import Images
import SystemPackage
import Template
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct KillTests {
  @Test(arguments: ["version", "file"])
  func `what a killed build leaves is no image, and is removed as abandoned`(
    _ kind: String
  ) async throws {
    try await ImageRig.with { rig in
      _ = try await slowTool(in: rig.directory)
      let outside = rig.directory.appending("out")
      try FileManager.default.createDirectory(
        atPath: outside.string, withIntermediateDirectories: false)
      let directory = rig.directory.string
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [kind = kind as String, directory = directory as String] in
        let place = FilePath(directory)
        let store = ImageStore(
          at: place.appending("data/kiln/images"),
          tool: DiskTool(place.appending("slow-qemu-img").string))
        let rig = ImageRig(
          directory: place, store: store,
          disk: DiskImage(place.appending("disk.qcow2"), format: .qcow2))
        let wanted =
          kind == "file"
          ? try target(.vhd(uri: "\(directory)/out/a.vhd")) : try shared(.explicit("1.0.0"))
        let prepared = try await store.prepare(wanted, for: .small)
        _ = try await store.publish(rig.disk, as: prepared, rig.provenance()) { done in
          if done > 0 { kill(getpid(), SIGKILL) }
        }
      }
      #expect(try rig.store.list().images.isEmpty)
      #expect(try !rig.leftovers().isEmpty)
      let parts = try FileManager.default.contentsOfDirectory(atPath: outside.string)
      #expect(parts.count == (kind == "file" ? 1 : 0))
      #expect(!parts.contains("a.vhd"))
      #expect(try await rig.store.removeAbandoned().count == (kind == "file" ? 1 : 2))
      #expect(try rig.leftovers() == [])
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside.string) == [])
      // The number is free again.
      try await rig.publish(shared(.explicit("1.0.0")))
    }
  }
}
