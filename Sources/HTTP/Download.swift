public import Digests
internal import Synchronization
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
  }

  /// The address.
  public var url: String
  /// Limits of each try.
  public var limits: HTTPLimits
  /// How often it is tried.
  public var retry: Retry

  /// A download.
  public init(
    _ url: String, limits: HTTPLimits = .download, retry: Retry = .standard
  ) {
    self.url = url
    self.limits = limits
    self.retry = retry
  }

  /// Downloads to `destination`, whose directory must exist; a file of that name is replaced.
  /// - Parameters:
  ///   - destination: Where the file appears.
  ///   - sha256: The checksum that the file must have; `nil` takes whatever comes.
  ///   - client: What speaks HTTP.
  ///   - progress: Called off the caller's thread with every piece that arrives.
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
    return try await DiskQueue.run { () throws(HTTPError.Reason) in
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
      let request = HTTPRequest(.get, url, headers: sink.resumption())
      let answer = try await client.exchange(request, for: .download, limits: limits, into: sink)
      guard answer.head.status == 200 || answer.head.status == 206 else {
        throw HTTPError(.download, answer: answer.head, url: url, now: retry.now())
      }
      if let missing = sink.shortfall { throw HTTPError(.download, url, missing) }
    }
  }
}

/// Writes the answers of several tries to one file.
private final class FileSink: BodySink {
  private let file: PartialFile
  private let progress: @Sendable (Download.Progress) -> Void
  private let state = Mutex(State())

  private struct State {
    /// What tells that the file on the server is still the same one.
    var validator: String?
    var total: Int64?
    /// Where the try under way was asked to begin.
    var offset: Int64 = 0
    var isWanted = false
  }

  init(_ file: PartialFile, progress: @escaping @Sendable (Download.Progress) -> Void) {
    self.file = file
    self.progress = progress
  }

  /// The header of the next try: asks for the rest, if the last one left something to go on from.
  func resumption() -> HTTPHeaders {
    let size = file.size
    return state.withLock { state in
      state.offset = 0
      guard size > 0, let validator = state.validator else { return [:] }
      state.offset = size
      return ["Range": "bytes=\(size)-", "If-Range": validator]
    }
  }

  /// What is missing of the length that the server promised.
  var shortfall: HTTPError.Reason? {
    let size = file.size
    guard let total = state.withLock({ $0.total }), size != total else { return nil }
    return .truncated(received: size, expected: total)
  }

  func begin(_ head: ResponseHead) throws(HTTPError.Reason) {
    let offset = state.withLock { $0.offset }
    switch head.status {
    case 200:
      try file.restart()
      accept(head, total: head.contentLength)
    case 206:
      let range = ContentRange(head.headers["Content-Range"] ?? "")
      guard let range, offset > 0, range.first == offset, file.size == offset,
        range.total == nil || range.total == state.withLock({ $0.total }) ?? range.total
      else {
        try startAgain()
        throw .wrongRange(answer: head.headers["Content-Range"] ?? "no Content-Range")
      }
      state.withLock {
        $0.total = range.total ?? $0.total
        $0.isWanted = true
      }
    case 416 where offset > 0:
      try startAgain()
      throw .wrongRange(answer: head.headers["Content-Range"] ?? "status 416")
    default:
      state.withLock { $0.isWanted = false }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(HTTPError.Reason) {
    let (isWanted, total) = state.withLock { ($0.isWanted, $0.total) }
    guard isWanted else { return }
    try file.write(bytes)
    progress(Download.Progress(received: file.size, total: total))
  }

  private func accept(_ head: ResponseHead, total: Int64?) {
    state.withLock {
      $0 = State(validator: head.validator, total: total, offset: 0, isWanted: true)
    }
  }

  private func startAgain() throws(HTTPError.Reason) {
    state.withLock { $0 = State() }
    try file.restart()
  }
}

/// The field `Content-Range: bytes first-last/total` (RFC 9110, 14.4).
struct ContentRange: Equatable {
  let first: Int64
  let last: Int64
  /// `nil` where the server doesn't know it (`*`).
  let total: Int64?

  init?(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
    let halves = words[1].split(separator: "/")
    let ends = halves.first?.split(separator: "-") ?? []
    guard halves.count == 2, ends.count == 2, let first = Int64(ends[0]),
      let last = Int64(ends[1]), first >= 0, first <= last
    else { return nil }
    let total = Int64(halves[1])
    guard total.map({ last < $0 }) ?? (halves[1] == "*") else { return nil }
    self.first = first
    self.last = last
    self.total = total
  }
}

extension ResponseHead {
  /// What may stand in `If-Range`: a strong entity tag, else a date of change that is a minute
  /// older than the answer, so that a second change within the same second can't hide behind it.
  var validator: String? {
    if let tag = headers["ETag"] { return tag.hasPrefix("\"") ? tag : nil }
    guard let changed = headers["Last-Modified"], let date = headers["Date"],
      let from = secondsSince1970(httpDate: changed), let to = secondsSince1970(httpDate: date),
      to - from >= 60
    else { return nil }
    return changed
  }
}
