internal import Glibc
internal import SystemPackage

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
  private enum Kind {
    case gpt(sector: Int)
    case mbr
    case none
  }

  /// A partition, in bytes from the disk's start.
  private struct Partition {
    let type: [UInt8]
    let start: UInt64
    let end: UInt64
  }

  private let head: Bytes
  private let kind: Kind
  /// Not all of them where the table is larger than what was read.
  private let partitions: [Partition]
  private let isWhole: Bool

  init(_ head: Bytes) {
    self.head = head
    if let sector = [512, 4096].first(where: { head.has("EFI PART", at: $0) }) {
      kind = .gpt(sector: sector)
      (partitions, isWhole) = Self.gpt(head, sector)
    } else {
      let found = Self.mbr(head)
      kind = found.isEmpty ? .none : .mbr
      partitions = found
      isWhole = !found.contains { Self.extended.contains($0.type[0]) }
    }
  }

  /// C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it is stored (UEFI specification, 5.3.3).
  private static let efiSystem: [UInt8] = [
    0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B,
  ]

  /// 21686148-6449-6E6F-744E-656564454649: "Hah!IdontNeedEFI".
  private static let biosBoot = Array("Hah!IdontNeedEFI".utf8)

  /// The types of an MBR's partition that holds others.
  private static let extended: Set<UInt8> = [0x05, 0x0F, 0x85]

  /// What starts from it.
  var firmware: Firmware {
    let types = Set(partitions.map(\.type))
    switch kind {
    case .gpt:
      return Self.choose(
        bios: types.contains(Self.biosBoot), uefi: types.contains(Self.efiSystem))
    case .mbr:
      let hasEFI = types.contains([0xEF])
      let boots = Self.states(head).contains(0x80) || head[0..<440].contains { $0 != 0 }
      return Self.choose(bios: boots || !hasEFI, uefi: hasEFI)
    case .none: return .unknown
    }
  }

  /// Whether behind some partition of a disk of `size` bytes there is room to grow into.
  ///
  /// That is a MiB: with less, `growpart` leaves a partition as it is. What is not known counts as room.
  func hasRoom(in size: Int) -> Bool {
    guard isWhole, !partitions.isEmpty else { return true }
    let ends = partitions.map(\.start) + [UInt64(clamping: size - reserved)]
    return partitions.contains { partition in
      let next = ends.filter { $0 > partition.start }.min() ?? partition.end
      return next >= partition.end && next - partition.end >= Self.leastGrowth
    }
  }

  private static let leastGrowth: UInt64 = 1 << 20

  /// What the table itself takes at the disk's end, in bytes: a GPT has a copy there, of 32 sectors and
  /// one for its header.
  private var reserved: Int {
    if case .gpt(let sector) = kind { 33 * sector } else { 0 }
  }

  private static func choose(bios: Bool, uefi: Bool) -> Firmware {
    switch (bios, uefi) {
    case (true, true): .either
    case (true, false): .bios
    case (false, true): .uefi
    case (false, false): .unknown
    }
  }

  /// A GPT's partitions, and whether they are all there are.
  private static func gpt(_ head: Bytes, _ sector: Int) -> ([Partition], Bool) {
    let first = head.little(sector + 72, 8)
    let count = head.little(sector + 80, 4)
    let size = head.little(sector + 84, 4)
    guard 128...4096 ~= size, first < UInt64(head.count / sector) else { return ([], false) }
    let entries = (0..<min(count, 128)).map { Int(first) * sector + Int($0 * size) }
    let used = entries.filter { entry in head[entry..<entry + 16].contains { $0 != 0 } }
    let partitions = used.map { entry in
      let (start, last) = (head.little(entry + 32, 8), head.little(entry + 40, 8))
      // No disk is as large as a number that overflows.
      return Partition(
        type: Array(head[entry..<entry + 16]), start: start &* UInt64(sector),
        end: (last &+ 1) &* UInt64(sector))
    }
    return (partitions, count <= 128 && entries.allSatisfy { $0 + Int(size) <= head.count })
  }

  /// An MBR has four entries of 16 bytes from byte 446 on: the first byte is the state, the fifth the
  /// type, and the last eight are the first sector and how many there are.
  private static func mbr(_ head: Bytes) -> [Partition] {
    guard head.starts(with: [0x55, 0xAA], at: 510) else { return [] }
    // A file system without partitions has its own boot sector there.
    guard states(head).allSatisfy({ $0 == 0 || $0 == 0x80 }) else { return [] }
    return entries.filter { head.little($0 + 4, 1) != 0 }.map { entry in
      let (start, count) = (head.little(entry + 8, 4), head.little(entry + 12, 4))
      return Partition(
        type: Array(head[entry + 4..<entry + 5]), start: start * 512, end: (start + count) * 512)
    }
  }

  private static let entries = (0..<4).map { 446 + $0 * 16 }

  private static func states(_ head: Bytes) -> [UInt64] { entries.map { head.little($0, 1) } }
}

extension DiskTool {
  /// Whether a partition of a disk could grow: there is room behind it, or no way to tell.
  /// - Throws: ``DiskError`` where the disk can't be read.
  public func hasRoomToGrow(_ image: DiskImage) async throws -> Bool {
    async let size = info(image).virtualSize
    let table = PartitionTable(try await head(of: image))
    return table.hasRoom(in: try await size)
  }
}
