public import Digests
public import SystemPackage

/// The download of one address to one file, which appears whole and verified, or not at all.
///
/// A connection that breaks is taken up where it broke, where the server can do that (`Range` with
/// `If-Range`, RFC 9110, 13.1.5); else the download begins again.
public struct Download: Sendable {
  /// How far a download is, in bytes.
  public struct Progress: Sendable, Equatable {
    /// What has arrived, in this try and those before it that count.
    public let received: Int64
    /// What there is, where the server says it.
    public let total: Int64?
  }

  /// What was downloaded.
  public struct Outcome: Sendable, Equatable {
    /// The checksum of the file.
    public let digest: SHA256Digest
    /// Its size in bytes.
    public let size: Int64

    /// A file with this checksum and size.
    public init(digest: SHA256Digest, size: Int64) {
      self.digest = digest
      self.size = size
    }
  }

  /// The address.
  public var url: String
  /// Limits of each try.
  public var limits: HTTPLimits
  /// How often it is tried.
  public var retry: Retry
  /// What the header of each request has beside its own fields.
  public var fields: HTTPHeaders

  /// A download.
  public init(
    _ url: String, limits: HTTPLimits = .download, retry: Retry = .download,
    fields: HTTPHeaders = [:]
  ) {
    self.url = url
    self.fields = fields
    self.limits = limits
    self.retry = retry
  }

  /// Downloads to `destination`, whose directory must exist; a file of that name is replaced.
  /// - Parameters:
  ///   - destination: Where the file appears.
  ///   - sha256: The checksum that the file must have; `nil` takes whatever comes.
  ///   - client: What speaks HTTP.
  ///   - progress: Called off the caller's thread with every piece that arrives.
  /// - Returns: What the file holds.
  /// - Throws: ``HTTPError``, or `CancellationError` when the task is cancelled.
  public func run(
    to destination: FilePath, sha256: SHA256Digest?, with client: HTTPClient,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws -> Outcome {
    try await keep(
      sha256: sha256, in: destination.removingLastComponent(), as: { _ in destination }
    ) { file in
      try await fill(file, with: client, progress: progress)
    }
  }

  /// Lets `fill` write a file in `directory`, verifies it, and gives it its name.
  func keep(
    sha256: SHA256Digest?, in directory: FilePath,
    as name: @escaping @Sendable (SHA256Digest) -> FilePath,
    _ fill: (PartialFile) async throws -> Void
  ) async throws -> Outcome {
    let file: PartialFile
    do throws(HTTPError.Reason) {
      file = try PartialFile(in: directory)
    } catch {
      throw HTTPError(.download, url, error)
    }
    defer { file.discard() }
    try await fill(file)
    return try await DiskQueue.run { _ throws(HTTPError.Reason) in
      let size = file.size
      let digest = try file.seal()
      if let sha256, sha256 != digest {
        throw .wrongChecksum(expected: sha256, actual: digest)
      }
      try file.commit(to: name(digest))
      return Outcome(digest: digest, size: size)
    }.mapError { HTTPError(.download, url, $0) }.get()
  }

  /// Downloads into `file`, in as many tries as it takes.
  func fill(
    _ file: PartialFile, with client: HTTPClient,
    progress: @escaping @Sendable (Progress) -> Void
  ) async throws {
    let sink = FileSink(file, progress: progress)
    try await retry.run {
      var request = HTTPRequest(.get, url, headers: sink.resumption())
      for field in fields.fields { request.headers[field.name] = field.value }
      let answer = try await client.exchange(request, for: .download, limits: limits, into: sink)
      guard answer.head.status == 200 || answer.head.status == 206 else {
        throw HTTPError(.download, answer: answer.head, url: url, now: retry.now())
      }
      if let missing = sink.shortfall { throw HTTPError(.download, url, missing) }
    }
  }
}

extension Download: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The address, without secrets.
  public var description: String { "download of \(redacted(url: url))" }

  /// The same text as ``description``.
  public var debugDescription: String { description }

  /// The same text as ``description``, so that `dump` shows no secret either.
  public var customMirror: Mirror { Mirror(self, children: ["download": description]) }
}
