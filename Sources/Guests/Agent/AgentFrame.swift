import Pipeline

/// What a guest's agent says.
enum AgentFrame: Sendable, Equatable {
  /// Bytes of a job's output, in order; a long run of them comes in several frames.
  case output(OutputStream, [UInt8])
  /// A line: a verb of one letter and its words.
  case line(verb: Character, words: [String])
}

/// Takes an agent's answers apart, however the network cut them.
///
/// What a login shell prints before the agent speaks is passed over: frames begin after the line
/// that carries the nonce of this session.
struct AgentFrameReader {
  /// No line of the agent's comes near this many bytes; a longer one means that something else
  /// writes to the channel.
  static let longestLine = 64 * 1024

  private let greeting: [UInt8]
  private var greeted = false
  private var buffer: [UInt8] = []
  private var start = 0
  private var payload: (stream: OutputStream, left: Int)?

  init(nonce: String) {
    greeting = Array("h \(nonce)".utf8)
  }

  /// Adds bytes as they came.
  mutating func add(_ bytes: [UInt8]) {
    if start == buffer.count {
      buffer = bytes
      start = 0
    } else {
      buffer.removeFirst(start)
      buffer += bytes
      start = 0
    }
  }

  /// The next frame, or `nil` until more bytes are added.
  /// - Throws: ``AgentConfusion`` where the bytes are no frame.
  mutating func next() throws(AgentConfusion) -> AgentFrame? {
    if let (stream, left) = payload {
      return take(stream, left)
    }
    while let line = nextLine() {
      guard greeted else {
        greeted = line.elementsEqual(greeting)
        continue
      }
      return try frame(String(decoding: line, as: UTF8.self))
    }
    if buffer.count - start > Self.longestLine {
      guard !greeted else { throw AgentConfusion(line: "a line without an end") }
      start = buffer.count
    }
    return nil
  }

  private mutating func take(_ stream: OutputStream, _ left: Int) -> AgentFrame? {
    let count = min(left, buffer.count - start)
    guard count > 0 else { return nil }
    let bytes = Array(buffer[start..<start + count])
    start += count
    payload = left > count ? (stream, left - count) : nil
    return .output(stream, bytes)
  }

  private mutating func nextLine() -> ArraySlice<UInt8>? {
    guard let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    defer { start = end + 1 }
    return buffer[start..<end]
  }

  private mutating func frame(_ line: String) throws(AgentConfusion) -> AgentFrame? {
    guard let verb = line.first else { throw AgentConfusion(line: line) }
    let words = line.dropFirst().split(separator: " ").map(String.init)
    guard verb == "o" || verb == "e" else { return .line(verb: verb, words: words) }
    guard words.count == 1, let count = Int(words[0]), count > 0 else {
      throw AgentConfusion(line: line)
    }
    let stream: OutputStream = verb == "o" ? .stdout : .stderr
    payload = (stream, count)
    return take(stream, count) ?? .output(stream, [])
  }
}

/// The agent said something that is no frame: its channel can't be trusted any more.
struct AgentConfusion: Error, CustomStringConvertible {
  let line: String
  var description: String { "the guest's agent sent what it never sends: `\(line.prefix(80))`" }
}
