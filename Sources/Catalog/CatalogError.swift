public import Template

/// A source without a disk, or a disk that could not be had.
public struct CatalogError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Kind: Sendable, Equatable {
    /// No entry has the source's name.
    case unknown
    /// An entry says that there is no disk to fetch.
    case noPublicDisk
    /// There are disks of the image, but not of this version.
    case noSuchVersion
    /// There are disks of the image, but not for this architecture.
    case otherArchitecture
    /// The publisher's checksum could not be found out.
    case noChecksum
    /// The bytes are not the ones that were promised.
    case wrongChecksum
    /// The disk could not be downloaded.
    case notFetched
    /// A file on this machine could not be used.
    case file
  }

  /// What kind of failure it is.
  public let kind: Kind
  /// What the user reads.
  public let description: String
  /// What the user can do about it, where there is something.
  public let hint: String?

  init(_ kind: Kind, _ description: String, hint: String? = nil) {
    (self.kind, self.description, self.hint) = (kind, description, hint)
  }
}

/// A file of sources that can't be used: all that is wrong with it.
public struct CatalogFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file, as it was named.
  public let file: String
  /// What is wrong, in the order of the text.
  public let diagnostics: [Diagnostic]

  /// A line for each mistake, `file:line:column: error: …`, and its hint below.
  public var description: String {
    diagnostics.map { $0.rendered(in: file) }.joined(separator: "\n")
  }
}
