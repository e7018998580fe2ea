public import SystemPackage

/// The last 512 bytes of a VHD (Microsoft's "Virtual Hard Disk Image Format Specification").
public struct VHDFooter: Hashable, Sendable {
  /// How the bytes before the footer are to be read.
  public enum Kind: UInt32, Hashable, Sendable {
    /// They are the disk's bytes: the only kind that Azure takes.
    case fixed = 2
    /// They are blocks, each where it was first written.
    case dynamic = 3
    /// They are blocks that differ from another VHD.
    case differencing = 4
  }

  /// The old form of a disk's size.
  public struct Geometry: Hashable, Sendable {
    /// How many cylinders.
    public let cylinders: Int
    /// How many heads.
    public let heads: Int
    /// How many sectors in each track.
    public let sectorsPerTrack: Int
  }

  /// The kind of VHD; `nil` for a number that the specification does not have.
  public let kind: Kind?
  /// The disk's size in bytes.
  public let size: Int
  /// The size in bytes that it was made with.
  public let originalSize: Int
  /// The size in cylinders, heads and sectors, which may be less than ``size``.
  public let geometry: Geometry
  /// The four letters of the program that made it: `qem2` for qemu-img.
  public let creator: String
  /// The checksum that it has.
  public let checksum: UInt32
  /// The checksum that it should have: the complement of the sum of all its other bytes.
  public let expectedChecksum: UInt32

  /// Whether the checksum is right.
  public var isIntact: Bool { checksum == expectedChecksum }

  /// How long it is, in bytes.
  public static let size = 512
  static let mark = "conectix"

  /// Reads the footer at the end of a file.
  /// - Throws: ``DiskError``: the file can't be read, or has no footer there.
  public static func read(_ path: FilePath) throws(DiskError) -> VHDFooter {
    let bytes = try Bytes.read(path, from: -size, count: size)
    guard let footer = VHDFooter(bytes) else {
      throw DiskError(
        "read the VHD footer of `\(path)`", .damaged("its last \(size) bytes are none"))
    }
    return footer
  }

  init?(_ bytes: Bytes) {
    guard bytes.count == Self.size, bytes.has(Self.mark, at: 0) else { return nil }
    let checksumRange = 64..<68
    kind = Kind(rawValue: UInt32(bytes.big(60, 4)))
    size = Int(truncatingIfNeeded: bytes.big(48, 8))
    originalSize = Int(truncatingIfNeeded: bytes.big(40, 8))
    geometry = Geometry(
      cylinders: Int(bytes.big(56, 2)), heads: Int(bytes.big(58, 1)),
      sectorsPerTrack: Int(bytes.big(59, 1)))
    creator = String(decoding: bytes[28..<32], as: UTF8.self)
    checksum = UInt32(bytes.big(checksumRange.lowerBound, checksumRange.count))
    let sum = (0..<Self.size).lazy.filter { !checksumRange.contains($0) }
      .reduce(UInt32(0)) { $0 &+ UInt32(bytes.big($1, 1)) }
    expectedChecksum = ~sum
  }
}
