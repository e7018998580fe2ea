internal import FoundationEssentials
import Pipeline
import WinRM

/// One request to the guest's end (`agent.ps1`), and what it tells.
struct AgentRequest: Encodable {
  enum Operation: String, Encodable { case look, run, cancel, note, leave }

  var op: Operation
  var run: String
  var id = ""
  var user = ""
  var digest = ""
  var runner = ""
  var password = ""
  var path = ""
  /// The boot identity at which the start was first asked for; empty where it never was.
  var asked = ""
  /// Whether the guest said that the job has begun.
  var seen = false
  var stdout = 0
  var stderr = 0
  /// The jobs whose end is known: their files are not needed any more.
  var forget: [String] = []
}

/// A line that the guest's end tells.
enum AgentLine: Equatable {
  /// What the guest says of itself.
  case facts(WindowsFacts)
  /// The boot identity.
  case boot(String)
  /// The job is claimed.
  case claimed
  /// The job has not begun yet; what the task scheduler says of it.
  case waiting(TaskState)
  /// Bytes of the job's output.
  case output(OutputStream, [UInt8])
  /// How the job ended: a word, and a code where it is `exit`.
  case end(String)
  /// The job could not be started, for this reason.
  case refused(String)
  /// A request was done; what went wrong with it, or nothing.
  case done(String)

  init?(_ line: Substring) {
    let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let rest = parts.count > 1 ? String(parts[1]).trimmedEnd : ""
    switch parts.first {
    case "h":
      guard let bytes = Data(base64Encoded: rest),
        let facts = try? JSONDecoder().decode(WindowsFacts.self, from: bytes)
      else { return nil }
      self = .facts(facts)
    case "b": self = .boot(rest.unpacked)
    case "s": self = .claimed
    case "t":
      let numbers = rest.split(separator: " ").compactMap { Int($0) }
      guard numbers.count == 2 else { return nil }
      self = .waiting(TaskState(state: numbers[0], result: numbers[1]))
    case "o", "e":
      guard let bytes = Data(base64Encoded: rest) else { return nil }
      self = .output(parts[0] == "o" ? .stdout : .stderr, [UInt8](bytes))
    case "x": self = .end(rest)
    case "n": self = .refused(rest.unpacked)
    case "c", "l", "p": self = .done(rest.unpacked)
    default: return nil
    }
  }
}

/// What a Windows guest says of itself.
struct WindowsFacts: Decodable, Equatable {
  let boot: String
  let user: String
  let administrator: Bool
  let directory: String
  let version: String
  let system: String
}

/// The guest's end was there, and ended without the answer that it owes.
struct WindowsAgentGone: Error, CustomStringConvertible {
  let description: String
}

/// Asks the guest's end: one PowerShell for each request, which takes the program and the request by
/// standard input and answers in lines.
struct WindowsAgent {
  let line: any WindowsLine

  /// The bytes of a script in one line of base64.
  private static let bytesPerLine = 189_000

  /// Takes its program from the input's first line; what it is given by `$input` ends with the
  /// input, as real machines have been recorded to do.
  static let bootstrap = """
    $ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue';$lines=@($input)
    $text=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($lines[0]))
    & ([ScriptBlock]::Create($text)) $lines
    """

  /// The program, without its comments.
  static let program: String =
    String(decoding: PackageResources.agent_ps1, as: UTF8.self)
    .split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }
    .joined(separator: "\n")

  /// Sends a request with a job's script, and hands over each line until `take` has what it wants.
  /// - Throws: ``LineError``; ``WindowsAgentGone`` where the guest's end ended before that;
  ///   `CancellationError`.
  func ask<Answer: Sendable>(
    _ request: AgentRequest, script: [UInt8] = [],
    _ take: (AgentLine) async throws -> Answer?
  ) async throws -> Answer {
    var lines = AgentLines()
    var answer: Answer?
    let end = try await line.run(Self.bootstrap, try Self.input(request, script)) { stream, bytes in
      for line in lines.add(bytes, stream) where answer == nil { answer = try await take(line) }
    }
    guard let answer else {
      let said = lines.problem
      throw WindowsAgentGone(
        description: "PowerShell ended with \(end)" + (said.isEmpty ? "" : ": \(said)"))
    }
    return answer
  }

  private static func input(_ request: AgentRequest, _ script: [UInt8]) throws -> [UInt8] {
    var text = Data(program.utf8).base64EncodedString() + "\r\n"
    text += try JSONEncoder().encode(request).base64EncodedString() + "\r\n"
    var rest = script[...]
    while !rest.isEmpty {
      text += Data(rest.prefix(bytesPerLine)).base64EncodedString() + "\r\n"
      rest = rest.dropFirst(bytesPerLine)
    }
    return Array(text.utf8)
  }
}

/// Puts lines together from the pieces in which output arrives.
struct AgentLines {
  private var held = ""
  private var errors: [UInt8] = []
  private var decoder = CLIXMLDecoder()
  /// More than any message of the guest's end.
  private static let errorLimit = 64 << 10

  mutating func add(_ bytes: [UInt8], _ stream: OutputStream) -> [AgentLine] {
    guard stream == .stdout else {
      errors += decoder.decode(bytes).prefix(Self.errorLimit - errors.count)
      return []
    }
    held += String(decoding: bytes, as: UTF8.self)
    var lines: [AgentLine] = []
    while let end = held.utf8.firstIndex(of: UInt8(ascii: "\n")) {
      if let line = AgentLine(held[..<end]) { lines.append(line) }
      held = String(held[held.utf8.index(after: end)...])
    }
    return lines
  }

  /// The first line of what PowerShell says against it.
  var problem: String {
    String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline).first
      .map(String.init) ?? ""
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var text = self
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }

  /// The text that stands in base64 here.
  fileprivate var unpacked: String {
    Data(base64Encoded: self).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
