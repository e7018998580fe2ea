internal import Synchronization

/// Writes the answers of several tries to one file.
final class FileSink: BodySink {
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
