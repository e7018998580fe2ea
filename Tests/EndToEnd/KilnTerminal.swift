import Foundation
import Glibc
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A running `kiln` with a person at its terminal.
final class KilnTerminal: Sendable {
  private let device: FileDescriptor
  private let shown = Mutex(PlainText())
  private let process = Mutex<pid_t>(0)
  private let seen = Mutex(0)

  private init(_ device: FileDescriptor) { self.device = device }

  /// Runs `kiln` in the user's home to its end, at a terminal of its own, with `body` beside it.
  static func run(
    _ arguments: [String], in home: String, _ body: (KilnTerminal) async throws -> Void
  ) async throws -> KilnEnd {
    let (master, slave) = try open()
    var size = winsize(ws_row: 50, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(slave.rawValue, UInt(TIOCSWINSZ), &size) == 0)
    let terminal = KilnTerminal(master)
    // A session of its own, whose controlling terminal its standard input is.
    let words = ["--ctty", "--wait", try kilnBinary()] + arguments
    async let reading: Void = terminal.readAll()
    let result = try await Subprocess.run(
      .path("/usr/bin/setsid"), arguments: Arguments(words),
      environment: .custom(
        KilnProcess.keyed(KilnProcess.settings(home).merging(["NO_COLOR": "1"]) { $1 })),
      workingDirectory: FilePath(home),
      input: .fileDescriptor(slave, closeAfterSpawningProcess: false),
      output: .fileDescriptor(slave, closeAfterSpawningProcess: false),
      error: .fileDescriptor(slave, closeAfterSpawningProcess: false)
    ) { execution in
      // From here on only programs have their end open, so that the other end tells theirs.
      try slave.close()
      terminal.process.withLock { $0 = execution.processIdentifier.value }
      do {
        try await body(terminal)
      } catch {
        kill(execution.processIdentifier.value, SIGKILL)
        throw error
      }
    }
    await reading
    try master.close()
    let code: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return KilnEnd(stdout: "", stderr: terminal.text, exit: code)
  }

  /// A new terminal: the end of whoever sits at it, and the end of programs.
  private static func open() throws -> (FileDescriptor, FileDescriptor) {
    // `posix_openpt` and its kin are not in Swift's Glibc; this is what they do (ioctl_tty(2)).
    let (unlock, number) = (UInt(0x4004_5431), UInt(0x8004_5430))
    let master = try FileDescriptor.open("/dev/ptmx", .readWrite, options: .closeOnExec)
    var locked: CInt = 0
    var name: CInt = 0
    try #require(ioctl(master.rawValue, unlock, &locked) == 0)
    try #require(ioctl(master.rawValue, number, &name) == 0)
    let slave = Glibc.open("/dev/pts/\(name)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(slave >= 0)
    return (master, FileDescriptor(rawValue: slave))
  }

  /// All that was shown so far, as plain text.
  var text: String {
    String(decoding: shown.withLock { $0.bytes }, as: UTF8.self)
  }

  /// Sends a signal to `kiln`.
  func send(_ signal: Int32) { kill(process.withLock { $0 }, signal) }

  /// Types a line.
  func type(_ line: String) throws {
    try device.writeAll(Array((line + "\n").utf8))
  }

  /// Returns when `text` was shown behind all that earlier waits have seen.
  func waitFor(
    _ text: String, within limit: Duration = .seconds(120),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    do {
      try await waitUntil("the terminal to show `\(text)`", limit: limit) {
        try found(text) != nil || hasEnded
      }
    } catch {
      // The moving line alone may have been drawn a thousand times.
      let shown = self.text.suffix(2000)
      Issue.record("\(error), and it shows:\n\(shown)", sourceLocation: sourceLocation)
      throw error
    }
    let place = try #require(
      found(text), "kiln ended before it showed `\(text)`: \(self.text)",
      sourceLocation: sourceLocation)
    seen.withLock { $0 = place }
  }

  /// Waits for a question, and answers it.
  func answer(_ question: String, _ line: String) async throws {
    try await waitFor(question)
    try await waitFor("] ")
    try type(line)
  }

  private func found(_ wanted: String) -> Int? {
    let all = shown.withLock { $0.bytes }
    let from = seen.withLock { $0 }
    guard from <= all.count else { return nil }
    let rest = String(decoding: all[from...], as: UTF8.self)
    guard let range = rest.range(of: wanted) else { return nil }
    return from + rest[..<range.upperBound].utf8.count
  }

  private var hasEnded: Bool {
    get throws {
      let id = process.withLock { $0 }
      guard id > 0 else { return false }
      guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else {
        return true
      }
      return stat.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
  }

  /// Reads until nobody has the terminal open any more.
  private func readAll() async {
    await withCheckedContinuation { done in
      DispatchQueue.global().async { [self] in
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
          let count = Glibc.read(device.rawValue, &buffer, buffer.count)
          if count > 0 { shown.withLock { $0.add(buffer[..<count]) } }
          if count == 0 || count < 0 && errno != EINTR { break }
        }
        done.resume()
      }
    }
  }
}

/// What a terminal shows without its colors and movements, taken in as it comes: a moving line is drawn
/// so often that to read all of it again at each look would keep a processor busy.
private struct PlainText {
  private(set) var bytes: [UInt8] = []
  private var sequence: [UInt8] = []

  mutating func add(_ new: ArraySlice<UInt8>) {
    for byte in new {
      if byte == 0x1B {
        sequence = [byte]
      } else if sequence.isEmpty {
        if byte != UInt8(ascii: "\r") { bytes.append(byte) }
      } else {
        sequence.append(byte)
        // A control sequence ends with a letter (ECMA-48, 5.4).
        if sequence.count == 2, byte != UInt8(ascii: "[") { sequence = [] }
        if sequence.count > 2, byte | 0x20 >= UInt8(ascii: "a"), byte | 0x20 <= UInt8(ascii: "z") {
          sequence = []
        }
      }
    }
  }
}
