internal import Digests
internal import Disks
internal import Glibc
public import HTTP
public import SystemPackage

/// Gets the disks that stand for sources: downloads them, or takes them where they are.
///
/// In its directory, `disks` has the downloaded ones under their checksums, `lists` what publishers
/// say of them, and `known` what is remembered so that no disk is hashed twice. Any number of
/// processes may use it.
public struct SourceFetch: Sendable {
  let disks: DownloadCache
  let lists: DownloadCache
  let known: KnownDisks
  /// The time of day, in seconds since 1970.
  let now: @Sendable () -> Int

  /// Keeps disks in `root`, which is made at the first need, for this user alone.
  /// - Parameters:
  ///   - root: The directory, `$XDG_CACHE_HOME/kiln/sources`.
  ///   - client: What speaks HTTP.
  ///   - mirrors: Where addresses are fetched from instead, those of lists too.
  ///   - retry: How often a download is tried.
  public init(
    root: FilePath, client: HTTPClient, mirrors: MirrorRules = MirrorRules(),
    retry: Retry = .download
  ) {
    self.init(root: root, client: client, mirrors: mirrors, retry: retry) { time(nil) }
  }

  init(
    root: FilePath, client: HTTPClient, mirrors: MirrorRules, retry: Retry,
    now: @escaping @Sendable () -> Int
  ) {
    disks = DownloadCache(
      root: root.appending("disks"), client: client, mirrors: mirrors, retry: retry)
    lists = DownloadCache(
      root: root.appending("lists"), client: client, mirrors: mirrors, limits: .list,
      retry: retry)
    known = KnownDisks(root: root.appending("known"))
    self.now = now
  }

  /// The disk of a match, here and verified.
  /// - Parameters:
  ///   - match: What ``SourceCatalog`` resolved.
  ///   - progress: Called off the caller's thread with every piece that is downloaded.
  /// - Returns: Where it is, and what it is.
  /// - Throws: ``CatalogError``, or `CancellationError` when the task is cancelled.
  public func disk(
    for match: CatalogMatch,
    progress: @escaping @Sendable (Download.Progress) -> Void = { _ in }
  ) async throws -> SourceDisk {
    switch match.disk.location {
    case .file(let path, let sha256):
      let digest = try await digest(of: path, expecting: sha256, for: match)
      return SourceDisk(path, digest, of: match, version: nil)
    case .url(let url, .sha256(let digest)):
      let (path, sha256) = try await download(url, .sha256(digest), for: match, progress)
      return SourceDisk(path, sha256, of: match, version: nil)
    case .url(let url, .listed(let list)):
      let (checksum, version) = try await listed(url, in: list, for: match)
      let (path, sha256) = try await download(url, checksum, for: match, progress)
      return SourceDisk(path, sha256, of: match, version: version)
    }
  }

  /// Whether a disk is on this machine already; it may be an older one than the latest.
  public func isHere(_ disk: CatalogDisk) -> Bool {
    switch disk.location {
    case .file(let path, _): FileState(of: path) != nil
    case .url(let url, _): known.record(of: url) != nil
    }
  }

  private func download(
    _ url: String, _ checksum: Checksum, for match: CatalogMatch,
    _ progress: @escaping @Sendable (Download.Progress) -> Void
  ) async throws -> (FilePath, SHA256Digest) {
    if let record = known.record(of: url), let digest = record.digest, record.has(checksum) {
      return (FilePath(record.path), digest)
    }
    let file: CachedFile
    var sha512: SHA512Digest?
    do {
      switch checksum {
      case .sha256(let digest):
        file = try await disks.fetch(url, sha256: digest, progress: progress)
      case .sha512(let digest):
        file = try await disks.fetch(url, sha256: nil, progress: progress)
        try await prove(file, is: digest, from: url)
        sha512 = digest
      }
    } catch let error as HTTPError {
      throw CatalogError(fetching: url, for: match, error)
    }
    if let state = FileState(of: file.path) {
      // The cache never changes a file, so its age is of no matter.
      known.remember(
        KnownDisks.Record(
          path: file.path.string, state: state, sha256: file.digest.hex, sha512: sha512?.hex),
        as: url)
    }
    return (file.path, file.digest)
  }

  /// Reads a downloaded file again, for the checksum that the cache doesn't know; a wrong one is
  /// not kept.
  private func prove(
    _ file: CachedFile, is wanted: SHA512Digest, from url: String
  ) async throws {
    let result = await DiskQueue.run { stop throws(HTTPError.Reason) -> SHA512Digest? in
      var hasher = SHA512Hasher()
      try FileReader(file.path).forEachPiece(until: stop) { hasher.update($0) }
      return try? hasher.finalize()
    }
    try Task.checkCancellation()
    let actual: SHA512Digest?
    do {
      actual = try result.get()
    } catch {
      throw CatalogError(.file, "could not verify the disk from \(redacted(url: url)): \(error)")
    }
    guard actual != wanted else { return }
    _ = file.path.withPlatformString { unlink($0) }
    throw CatalogError.wrong(
      url, wanted: .sha512(wanted), actual: actual.map { .sha512($0) })
  }
}

extension HTTPLimits {
  /// For lists of checksums, which have some kilobytes.
  fileprivate static var list: HTTPLimits {
    var limits = HTTPLimits.request
    limits.bodyBytes = 16 << 20
    return limits
  }
}

extension SourceDisk {
  /// A disk whose version is what was asked for, unless more is known.
  fileprivate init(
    _ path: FilePath, _ sha256: SHA256Digest, of match: CatalogMatch, version: String?
  ) {
    let disk = match.disk
    let asked =
      switch match.version {
      case .latest: version ?? "latest"
      case .explicit(let version): version
      }
    self.init(
      image: DiskImage(path, format: disk.format), sha256: sha256, version: asked,
      user: disk.user, firmware: disk.firmware, architecture: disk.architecture,
      origin: "\(disk.location)")
  }
}
