import Dispatch
import Glibc
import Synchronization

/// Somebody at the controlling terminal, who answers questions.
final class Person: Sendable {
  /// A longer answer is none.
  private static let longestAnswer = 4096

  private let device: CInt
  private let terminal: Terminal

  /// Whoever is there; `nil` where standard error is not a terminal, or none controls the process.
  init?(at terminal: Terminal) {
    guard ConsoleManner.Device(STDERR_FILENO) == .terminal, case let device = Self.open(),
      device >= 0
    else { return nil }
    self.device = device
    self.terminal = terminal
  }

  /// Whether there is anybody.
  static var isThere: Bool {
    guard ConsoleManner.Device(STDERR_FILENO) == .terminal, case let device = open(), device >= 0
    else { return false }
    return Glibc.close(device) == 0
  }

  private static func open() -> CInt { Glibc.open("/dev/tty", O_RDWR | O_CLOEXEC) }

  deinit { Glibc.close(device) }

  /// Tells something, a line each, where nothing moves.
  func tell(_ lines: [String]) {
    terminal.close()
    for line in lines { StandardError.write(line) }
  }

  /// Asks for a line; what was typed before the question is dropped.
  /// - Returns: the answer without spaces around it; `nil` where the terminal has gone, or at the
  ///   end of input.
  /// - Throws: `CancellationError`.
  func ask(_ question: String) async throws -> String? {
    terminal.close()
    tcflush(device, TCIFLUSH)
    writeAll(Array(question.utf8), to: STDERR_FILENO)
    return try await line()
  }

  /// Waits for a line.
  /// - Throws: `CancellationError`.
  func line() async throws -> String? {
    let waiting = Waiting(device)
    let isReady = await withTaskCancellationHandler {
      await withCheckedContinuation { waiting.begin($0) }
    } onCancel: {
      waiting.end(.cancelled)
    }
    guard isReady == .readable else { throw CancellationError() }
    var bytes = [UInt8](repeating: 0, count: Self.longestAnswer)
    let count = read(device, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    return String(
      text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// One wait for a descriptor; a terminal is readable when a whole line is there.
  private final class Waiting: Sendable {
    enum End { case readable, cancelled }

    private struct State {
      var end: End?
      var continuation: CheckedContinuation<End, Never>?
      var source: (any DispatchSourceRead)?
    }

    private let descriptor: CInt
    private let state = Mutex(State())

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    func begin(_ continuation: CheckedContinuation<End, Never>) {
      let earlier = state.withLock { state in
        if let end = state.end { return end as End? }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler { [self] in end(.readable) }
        state.continuation = continuation
        state.source = source
        source.activate()
        return nil
      }
      if let earlier { continuation.resume(returning: earlier) }
    }

    func end(_ end: End) {
      let continuation = state.withLock { state in
        guard state.end == nil else { return nil as CheckedContinuation<End, Never>? }
        state.end = end
        state.source?.cancel()
        state.source = nil
        defer { state.continuation = nil }
        return state.continuation
      }
      continuation?.resume(returning: end)
    }
  }
}
