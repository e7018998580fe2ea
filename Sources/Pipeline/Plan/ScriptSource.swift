public import Digests

/// Gets the scripts and files that a template names.
public protocol ScriptSource: Sendable {
  /// Gets what `uri` names and checks it against `sha256`.
  ///
  /// `progress` is called with the bytes so far, and with how many there are where that is known.
  /// - Returns: the file, which stays as it is while the build runs.
  /// - Throws: an error that says what could not be fetched and why; never one that holds a secret
  ///   of the URI.
  func fetch(
    _ uri: String, sha256: SHA256Digest?,
    progress: @escaping @Sendable (_ received: Int, _ total: Int?) -> Void
  ) async throws -> FetchedFile
}

/// A script or file that is on this machine now.
public struct FetchedFile: Sendable, Hashable {
  /// Where it is, by absolute path.
  public var path: String
  /// Its size in bytes.
  public var size: Int
  /// Its checksum.
  public var digest: SHA256Digest
  /// Its permission bits: those of a local file; 0644 for one that was downloaded.
  public var mode: UInt16

  /// Describes a file.
  public init(path: String, size: Int, digest: SHA256Digest, mode: UInt16) {
    self.path = path
    self.size = size
    self.digest = digest
    self.mode = mode
  }
}
