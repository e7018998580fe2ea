import Foundation
import TestSupport
import Testing

/// Disks that a user names in the place of a template's source.
@Suite(.requires("/usr/bin/qemu-img"), .timeLimit(.minutes(2)))
struct SourceDiskTests {
  @Test(
    arguments: [
      ("absent.qcow2", "could not read `~/absent.qcow2`: No such file or directory"),
      ("folder", "could not read `~/folder`: Is a directory"),
      ("empty", "could not use `~/empty`: it is empty"),
      ("zeros", "could not use the disk `~/zeros`: it has no partitions"),
    ])
  func `a disk that nothing can start from is wrong usage`(name: String, said: String) async throws
  {
    try await ScratchDirectory.with { home in
      try FileManager.default.createDirectory(
        atPath: "\(home)/folder", withIntermediateDirectories: false)
      try Data().write(to: URL(filePath: "\(home)/empty"))
      try Data(count: 1 << 20).write(to: URL(filePath: "\(home)/zeros"))
      let rig = VMRig(home: home, base: "\(home)/\(name)")
      try rig.writeTemplate(.shell("true"))
      let ran = try await rig.build()
      #expect(ran.exit == 2, "\(ran.stderr)")
      #expect(ran.stderr.contains(said.replacing("~", with: home)), "\(ran.stderr)")
      #expect(ran.stderr.contains("qcow2, raw, VHD, VHDX or VMDK"), "\(ran.stderr)")
    }
  }
}
