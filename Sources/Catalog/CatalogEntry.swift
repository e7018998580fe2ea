public import Digests
public import Disks
internal import HTTP
public import SystemPackage
public import Template

/// What stands for one or more sources.
public struct CatalogEntry: Sendable, Equatable {
  /// What it stands for; never empty.
  public let names: [SourceName]
  /// What people call it, as in `Ubuntu 24.04 LTS`; empty where nobody said.
  public let title: String
  /// The disk, or why there is none.
  public let supply: Supply
  /// Who says so.
  public let origin: Origin

  /// What there is.
  public enum Supply: Sendable, Equatable {
    /// A disk.
    case disk(CatalogDisk)
    /// No disk that anybody may fetch: why not, and what to do instead.
    case none(why: String, instead: String)
  }

  /// Who says what stands for a source.
  public enum Origin: Sendable, Equatable {
    /// Kiln itself.
    case shipped
    /// The user, in this file at this place.
    case file(String, SourcePosition)
  }
}

extension CatalogEntry.Origin: CustomStringConvertible {
  /// `shipped`, or the place as `file:line:column`.
  public var description: String {
    switch self {
    case .shipped: "shipped"
    case .file(let file, let position): "\(file):\(position.line):\(position.column)"
    }
  }
}

/// A disk that stands for a source: where it is and how it boots.
public struct CatalogDisk: Sendable, Equatable {
  /// Where it comes from.
  public let location: DiskLocation
  /// How the file is laid out.
  public let format: DiskFormat
  /// Who logs in: the user that cloud-init, or whoever made the disk, set up.
  public let user: String
  /// What it boots with.
  public let firmware: Firmware
  /// What it runs on.
  public let architecture: Architecture
  /// Which explicit versions have a disk of their own, beside the latest.
  let versions: VersionRule?
  /// How the latest disk's version is found out.
  let newest: NewestRule?

  /// This disk at another place.
  func at(_ location: DiskLocation) -> CatalogDisk {
    CatalogDisk(
      location: location, format: format, user: user, firmware: firmware,
      architecture: architecture, versions: versions, newest: newest)
  }
}

/// Where a disk comes from.
public enum DiskLocation: Sendable, Equatable {
  /// A file on this machine, which must have the checksum where there is one.
  case file(FilePath, sha256: SHA256Digest?)
  /// An address.
  case url(String, Proof)

  /// What tells that the right bytes came from an address.
  public enum Proof: Sendable, Equatable {
    /// They have this checksum.
    case sha256(SHA256Digest)
    /// They have the checksum that the file at this address lists, when the disk is fetched.
    case listed(at: String)
  }
}

extension DiskLocation: CustomStringConvertible {
  /// The path, or the address without its secrets.
  public var description: String {
    switch self {
    case .file(let path, _): path.string
    case .url(let url, _): redacted(url: url)
    }
  }
}

/// What a disk runs on, in Debian's words.
public enum Architecture: String, Sendable, CaseIterable {
  /// x86, 64 bits.
  case amd64
  /// Arm, 64 bits.
  case arm64

  /// That of the machine that Kiln was built for.
  public static var ofHost: Architecture {
    #if arch(arm64)
      .arm64
    #else
      .amd64
    #endif
  }
}

/// Explicit versions that lead to addresses of their own.
struct VersionRule: Sendable, Equatable {
  /// The versions, as in `24.04.{serial:8}0`.
  let pattern: TextPattern
  /// The disk's address, with the pattern's parts in braces.
  let url: String
  /// The address of the file with its checksum, likewise.
  let checksums: String

  /// Where the disk of a version is; `nil` for a version that the pattern doesn't fit.
  func location(of version: String) -> DiskLocation? {
    guard let parts = pattern.parts(ofWhole: version) else { return nil }
    return .url(
      TextPattern.fill(url, with: parts),
      .listed(at: TextPattern.fill(checksums, with: parts)))
  }
}

/// How the latest disk's version is found out, for the record: nothing depends on it.
struct NewestRule: Sendable, Equatable {
  /// What the version stands in: the file at this address, or the names in the file of checksums.
  let file: String?
  /// How it stands there.
  let pattern: TextPattern
}
