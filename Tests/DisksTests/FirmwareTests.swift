import Disks
import SystemPackage
import TestSupport
import Testing

@Suite(.requires("/usr/sbin/sfdisk"), .requires("/usr/bin/qemu-img")) struct FirmwareTests {
  static let efi = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
  static let bios = "21686148-6449-6E6F-744E-656564454649"
  static let linux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"

  @Test(arguments: [
    ("label: gpt\nsize=4M, type=\(efi)\ntype=\(linux)\n", Firmware.uefi),
    ("label: gpt\nsize=1M, type=\(bios)\ntype=\(linux)\n", .bios),
    ("label: gpt\nsize=1M, type=\(bios)\nsize=4M, type=\(efi)\ntype=\(linux)\n", .either),
    ("label: gpt\nstart=8192, type=\(linux)\n", .unknown),
    ("label: dos\ntype=83, bootable\n", .bios), ("label: dos\ntype=83\n", .bios),
    ("label: dos\ntype=ef\n", .uefi),
    ("label: dos\nsize=4M, type=ef\ntype=83, bootable\n", .either),
    ("", .unknown),
  ])
  func `what a disk starts with is read from its partition table`(
    _ table: String, _ expected: Firmware
  ) async throws {
    try await withDirectory { directory in
      let raw = try await tool.createEmpty(
        at: directory.appending("raw"), format: .raw, size: 64 << 20)
      if !table.isEmpty {
        _ = try await run("/usr/sbin/sfdisk", ["-q", raw.path.string], input: table).succeeded()
      }
      for format in [DiskFormat.qcow2, .vhd] {
        let image = try await tool.convert(
          from: raw, to: directory.appending(format.rawValue), as: format)
        #expect(try await Firmware.detect(image, by: tool) == expected)
      }
      #expect(try await Firmware.detect(raw, by: tool) == expected)
    }
  }

  @Test func `a disk of less than a sector has no partition table`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 100)
      #expect(try await Firmware.detect(raw, by: tool) == .unknown)
    }
  }
}
