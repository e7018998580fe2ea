import Glibc

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
    try await Readiness.wait(for: device)
    var bytes = [UInt8](repeating: 0, count: Self.longestAnswer)
    let count = read(device, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    return String(
      text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
