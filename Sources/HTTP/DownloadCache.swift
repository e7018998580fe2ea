public import Digests
internal import Glibc
public import SystemPackage

/// A file of a ``DownloadCache``.
public struct CachedFile: Sendable, Equatable {
  /// Where it is; it is never changed, only replaced by one with the same bytes.
  public let path: FilePath
  /// Its checksum.
  public let digest: SHA256Digest
  /// Its size in bytes.
  public let size: Int64

  /// A file that is at `path`.
  public init(path: FilePath, digest: SHA256Digest, size: Int64) {
    self.path = path
    self.digest = digest
    self.size = size
  }
}

/// A directory of downloaded files, each under its checksum: `<root>/<64 hexadecimal digits>`.
///
/// Any number of processes may use one directory at the same time: each writes under a name of its
/// own and renames when the file is whole.
public struct DownloadCache: Sendable {
  private let root: FilePath
  private let client: HTTPClient
  private let mirrors: MirrorRules
  private let limits: HTTPLimits
  private let retry: Retry

  /// A cache in `root`, which is made at the first need, for this user alone.
  public init(
    root: FilePath, client: HTTPClient, mirrors: MirrorRules = MirrorRules(),
    limits: HTTPLimits = .download, retry: Retry = .download
  ) {
    self.root = root
    self.client = client
    self.mirrors = mirrors
    self.limits = limits
    self.retry = retry
  }

  /// The file at `url`.
  ///
  /// With a checksum, a file that is here already is read again, and taken without any request if
  /// its bytes still have that checksum. Without one, the file is always fetched: it may have
  /// changed.
  /// - Parameters:
  ///   - url: The address, before any mirror.
  ///   - sha256: The checksum that the file must have.
  ///   - fields: What the header of a request to `url` itself has in addition; no mirror sees it.
  ///   - progress: Called off the caller's thread with every piece that arrives.
  /// - Returns: Where it is, under the checksum that it has.
  /// - Throws: ``HTTPError``, or `CancellationError` when the task is cancelled.
  public func fetch(
    _ url: String, sha256: SHA256Digest?, fields: HTTPHeaders = [:],
    progress: @escaping @Sendable (Download.Progress) -> Void = { _ in }
  ) async throws -> CachedFile {
    if let sha256, let file = try await found(sha256, for: url) { return file }
    let outcome = try await fetchAnew(url, sha256: sha256, fields, progress: progress)
    return CachedFile(path: path(of: outcome.digest), digest: outcome.digest, size: outcome.size)
  }

  /// The file with this checksum, if it is here and undamaged.
  ///
  /// A damaged one is left to be replaced
  /// in one step: to remove it here could hit the whole one that another process just put there.
  private func found(_ digest: SHA256Digest, for url: String) async throws -> CachedFile? {
    let path = path(of: digest)
    let result = await DiskQueue.run { stop throws(HTTPError.Reason) -> CachedFile? in
      guard let file = try HashedFile(reading: path, until: stop), file.digest == digest else {
        return nil
      }
      return CachedFile(path: path, digest: digest, size: file.size)
    }
    try Task.checkCancellation()
    return try result.mapError { HTTPError(.download, url, $0) }.get()
  }

  private func fetchAnew(
    _ url: String, sha256: SHA256Digest?, _ fields: HTTPHeaders,
    progress: @escaping @Sendable (Download.Progress) -> Void
  ) async throws -> Download.Outcome {
    let source: MirrorRules.Target
    do throws(HTTPError.Reason) {
      source = try mirrors.target(of: url)
    } catch {
      throw HTTPError(.download, url, error)
    }
    try await prepareRoot(for: url)
    switch source {
    case .url(let address):
      let download = Download(
        address, limits: limits, retry: retry, fields: address == url ? fields : [:])
      return try await download.keep(sha256: sha256, in: root, as: path(of:)) { file in
        try await download.fill(file, with: client, progress: progress)
      }
    case .file(let original):
      let download = Download(url, limits: limits, retry: .never)
      return try await download.keep(sha256: sha256, in: root, as: path(of:)) { file in
        try await copy(original, into: file, for: url)
      }
    }
  }

  private func prepareRoot(for url: String) async throws {
    let root = root
    let result = await DiskQueue.run { _ throws(HTTPError.Reason) in
      var place = root.root.map { FilePath(root: $0) } ?? FilePath("")
      for component in root.components {
        place.append(component)
        guard place.withPlatformString({ mkdir($0, 0o700) }) == 0 || errno == EEXIST else {
          throw .file(FileFailure(.create, place))
        }
      }
      PartialFile.removeAbandoned(in: root)
    }
    try result.mapError { HTTPError(.download, url, $0) }.get()
  }

  private func copy(_ original: FilePath, into file: PartialFile, for url: String) async throws {
    let limit = limits.bodyBytes
    let result = await DiskQueue.run { stop throws(HTTPError.Reason) in
      try FileReader(original).forEachPiece(until: stop) { bytes throws(HTTPError.Reason) in
        guard file.size + Int64(bytes.count) <= limit else { throw .tooLarge(limit: limit) }
        try file.write(bytes)
      }
    }
    try Task.checkCancellation()
    try result.mapError { HTTPError(.download, url, $0) }.get()
  }

  private func path(of digest: SHA256Digest) -> FilePath { root.appending(digest.hex) }
}
