public import SystemPackage

/// How a disk's bytes are laid out in its file.
public enum DiskFormat: String, CaseIterable, Hashable, Sendable, Codable {
  /// QEMU's own format: grows as it is written, and may lie over another disk.
  case qcow2
  /// The disk's bytes and nothing else.
  case raw
  /// Virtual PC's format, which Azure takes; those that are made here are fixed ones.
  case vhd
  /// Hyper-V's newer format.
  case vhdx
  /// VMware's format.
  case vmdk

  /// What qemu-img calls it.
  var toolName: String { self == .vhd ? "vpc" : rawValue }

  init?(toolName: String) {
    guard let format = Self.allCases.first(where: { $0.toolName == toolName }) else { return nil }
    self = format
  }
}

/// A disk image: a file, and the format that its bytes are to be read as.
///
/// The format is never left to a guess at the time of use: a guest that writes its own disk could
/// make a raw one look like another format.
public struct DiskImage: Hashable, Sendable {
  /// Where the file is, as an absolute path.
  public let path: FilePath
  /// What its bytes are read as.
  public let format: DiskFormat

  /// Declares what a file is; a relative path is taken from the working directory.
  public init(_ path: FilePath, format: DiskFormat) {
    self.path = path.absolute
    self.format = format
  }
}

extension FilePath {
  /// The path from the root; qemu-img takes some that are not, as in `nbd:…`, for addresses.
  var absolute: FilePath {
    isAbsolute ? self : FilePath(workingDirectory).pushing(self)
  }
}
