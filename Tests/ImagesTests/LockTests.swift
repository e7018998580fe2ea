import Foundation
import Glibc
import Images
import SystemPackage
import Template
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct LockTests {
  /// As a program has it between fork(2) and exec(2).
  @Test func `an image is free when its build ends, though a copy of the descriptor stays`()
    async throws
  {
    try await ImageRig.with { rig in
      let image = try await rig.publish(managed("base"))
      var copy: CInt = -1
      do {
        let use = try await rig.store.managedImage(managedID("base"))
        let lock = image.directory.appending("lock").string
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        let open = try #require(
          descriptors.compactMap { CInt($0) }.first {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))
              == lock
          })
        copy = dup(open)
        #expect(use.image == image)
      }
      try await rig.store.remove(image)
      close(copy)
      #expect(try rig.store.list().images.isEmpty)
    }
  }
}
