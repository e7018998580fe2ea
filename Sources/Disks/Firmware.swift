internal import Glibc
internal import SystemPackage

/// What a machine needs to start from a disk.
public enum Firmware: String, Hashable, Sendable, Codable, CaseIterable {
  /// A PC's BIOS: generation 1 on Azure.
  case bios
  /// UEFI: generation 2 on Azure.
  case uefi
  /// Either of them will do.
  case either
  /// The partition table does not tell.
  case unknown

  /// Finds out by a disk's partition table.
  ///
  /// GPT with an EFI system partition is UEFI, with a BIOS boot partition BIOS; MBR is BIOS, but for
  /// one whose only hint at a boot is an EFI system partition.
  /// - Throws: ``DiskError`` where the disk can't be read.
  public static func detect(_ image: DiskImage, by tool: DiskTool) async throws -> Firmware {
    PartitionTable(try await tool.head(of: image)).firmware
  }
}

extension DiskTool {
  /// How many bytes of a disk's start are read: a GPT of 128 entries with sectors of up to 4 KiB
  /// ends within.
  private static let headSize = 64 << 10

  /// The first bytes of a disk, as a machine sees them.
  func head(of image: DiskImage) async throws -> Bytes {
    let operation = "read the partition table of `\(image.path)`"
    var template = Array("/tmp/kiln-head-XXXXXX".utf8CString)
    guard
      template.withUnsafeMutableBufferPointer({ $0.baseAddress.map { mkdtemp($0) } ?? nil })
        != nil
    else { throw DiskError.refused(operation, Errno(rawValue: errno)) }
    let directory = FilePath(
      String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    let copy = directory.appending("head")
    defer {
      unlink(copy.string)
      rmdir(directory.string)
    }
    try await command(
      [
        "dd", "--force-share", "-f", image.format.toolName, "-O", "raw", "bs=\(Self.headSize)",
        "count=1", "if=\(image.path)", "of=\(copy)",
      ], for: operation)
    return try Bytes.read(copy, count: Self.headSize)
  }
}

/// The partitions that a disk's first sectors name.
struct PartitionTable {
  let firmware: Firmware

  init(_ head: Bytes) {
    let types = Self.gptTypes(head)
    if let types {
      firmware = Self.choose(
        bios: types.contains(Self.biosBoot), uefi: types.contains(Self.efiSystem))
    } else {
      firmware = Self.mbr(head)
    }
  }

  /// C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it is stored (UEFI specification, 5.3.3).
  private static let efiSystem: [UInt8] = [
    0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B,
  ]

  /// 21686148-6449-6E6F-744E-656564454649: "Hah!IdontNeedEFI".
  private static let biosBoot = Array("Hah!IdontNeedEFI".utf8)

  private static func choose(bios: Bool, uefi: Bool) -> Firmware {
    switch (bios, uefi) {
    case (true, true): .either
    case (true, false): .bios
    case (false, true): .uefi
    case (false, false): .unknown
    }
  }

  /// The types of a GPT's partitions; `nil` where there is no GPT.
  private static func gptTypes(_ head: Bytes) -> [[UInt8]]? {
    for sector in [512, 4096] where head.has("EFI PART", at: sector) {
      let first = head.little(sector + 72, 8)
      let count = min(head.little(sector + 80, 4), 128)
      let size = head.little(sector + 84, 4)
      guard 128...4096 ~= size, first < UInt64(head.count / sector) else { return [] }
      return (0..<count).map { index in
        let start = Int(first) * sector + Int(index * size)
        return Array(head[start..<start + 16])
      }
    }
    return nil
  }

  /// An MBR has four entries of 16 bytes from byte 446 on; the fifth byte is the type.
  private static func mbr(_ head: Bytes) -> Firmware {
    guard head.starts(with: [0x55, 0xAA], at: 510) else { return .unknown }
    let entries = (0..<4).map { 446 + $0 * 16 }
    let states = entries.map { head.little($0, 1) }
    let types = entries.map { head.little($0 + 4, 1) }
    // A file system without partitions has its own boot sector there.
    guard states.allSatisfy({ $0 == 0 || $0 == 0x80 }), types.contains(where: { $0 != 0 }) else {
      return .unknown
    }
    let hasEFI = types.contains(0xEF)
    let boots = states.contains(0x80) || head[0..<440].contains { $0 != 0 }
    return choose(bios: boots || !hasEFI, uefi: hasEFI)
  }
}
