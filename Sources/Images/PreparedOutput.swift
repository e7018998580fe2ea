public import Disks
public import FoundationEssentials
internal import Glibc
internal import SystemPackage
public import Template

/// What is known of a build before it begins.
public struct ExpectedBuild: Sendable {
  /// When it begins; the older version numbers come from it.
  public var started: Date
  /// The exact version of what it starts from, where that has one.
  public var sourceVersion: String?
  /// The room that its disk may take, in bytes: that of the source, with what the steps add.
  public var diskBytes: Int
  /// Formats in which each output is wanted beside its own.
  public var extraFormats: [DiskFormat]

  /// Describes a build that begins.
  public init(
    started: Date, sourceVersion: String? = nil, diskBytes: Int, extraFormats: [DiskFormat] = []
  ) {
    self.started = started
    self.sourceVersion = sourceVersion
    self.diskBytes = diskBytes
    self.extraFormats = extraFormats
  }
}

/// A target that a build's disk can be published to: its number and its place are settled.
///
/// No other build gets the same, as long as this value or its process lives.
public final class PreparedOutput: Sendable {
  /// The target, as the template has it.
  public let distributor: Distributor
  /// The number of the new version in a gallery; `nil` for all else.
  public let version: ImageVersion?
  /// What the user should know before the build, a sentence each.
  public let notes: [String]
  /// The formats in which the disk is kept; the first is the target's own.
  public let formats: [DiskFormat]

  let place: Place
  private let reservation: FileLock?

  /// Where the output goes.
  enum Place {
    case managedImage(ResourceID, location: String)
    case version(ImageVersion, SharedImage)
    case vhd(named: String)
    case vhdFile(FilePath)
  }

  init(
    _ distributor: Distributor, _ place: Place, extraFormats: [DiskFormat], notes: [String] = [],
    reservation: FileLock? = nil
  ) {
    self.distributor = distributor
    self.place = place
    self.notes = notes
    self.reservation = reservation
    var own = DiskFormat.qcow2
    version = if case .version(let version, _) = place { version } else { nil }
    if case .vhd = distributor.target { own = .vhd }
    var formats = [own]
    for format in extraFormats where !formats.contains(format) { formats.append(format) }
    self.formats = formats
  }

  // The lock goes after the name, so that nobody takes a name that is about to go.
  deinit { if let reservation { unlink(reservation.path.string) } }
}
