public import Digests
public import Disks

/// A disk on this machine that stands for a source; nothing may be written to it.
public struct SourceDisk: Sendable, Equatable {
  /// Where it is, and how its file is laid out.
  public let image: DiskImage
  /// Its checksum.
  public let sha256: SHA256Digest
  /// Its version: the publisher's, as a template may name it where that is known, or else
  /// `latest`.
  public let version: String
  /// Who logs in.
  public let user: String
  /// What it boots with.
  public let firmware: Firmware
  /// What it runs on.
  public let architecture: Architecture
  /// Where it came from: an address without its secrets, or its own path.
  public let origin: String

  /// What stays the same as long as its bytes do: `sha256:` and 64 hexadecimal digits.
  public var identity: String { "sha256:\(sha256.hex)" }
}
