import Foundation
import Synchronization
import WinRM

/// Keeps what is said to a machine and what it answers, without what tells whose it is, in the form
/// of the recordings that the tests replay: a line of JSON for each request.
final class ExchangeRecorder: Sendable {
  private struct Line: Encodable {
    let source: String
    let seq: Int
    let action: String
    let status: Int
    let request: String
    let response: String
  }

  private struct State {
    var exchanges: [RecordedExchange] = []
    var isQuiet = false
  }

  private let state = Mutex(State())

  /// Takes an exchange.
  func take(_ exchange: RecordedExchange) {
    state.withLock { if !$0.isQuiet { $0.exchanges.append(exchange) } }
  }

  /// Leaves out, or takes again, what is said from now on.
  func turn(_ quiet: Doctor.Quiet) {
    state.withLock { $0.isQuiet = quiet == .begins }
  }

  /// Writes all that was taken, with each of the names in `hidden` replaced.
  /// - Throws: ``CommandFault`` where the file can't be written.
  func write(to path: String, hiding hidden: [String: String]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = ""
    for (number, exchange) in state.withLock({ $0.exchanges }).enumerated() {
      let line = Line(
        source: "kiln-doctor", seq: number, action: Self.verb(exchange.action),
        status: exchange.status, request: Self.scrubbed(exchange.request, hidden),
        response: Self.scrubbed(exchange.response, hidden))
      text += String(decoding: try encoder.encode(line), as: UTF8.self) + "\n"
    }
    do {
      try Data(text.utf8).write(to: URL(filePath: path))
    } catch {
      throw CommandFault("could not write `\(path)`: \(error.localizedDescription)")
    }
  }

  private static func verb(_ action: String) -> String {
    action.split(separator: "/").last.map(String.init) ?? action
  }

  /// The text with names replaced where they stand as they are, and in the base64 of streams.
  static func scrubbed(_ text: String, _ hidden: [String: String]) -> String {
    var text = text
    for match in text.matches(of: />([A-Za-z0-9+\/]{8,}={0,2})</).reversed() {
      guard let data = Data(base64Encoded: String(match.1)) else { continue }
      let plain = String(decoding: data, as: UTF8.self)
      guard Data(plain.utf8) == data else { continue }
      let lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map {
        line(String($0), hidden)
      }
      let clean = lines.joined(separator: "\n")
      guard clean != plain else { continue }
      text.replaceSubrange(match.1.startIndex..<match.1.endIndex, with: encoded(clean))
    }
    return replaced(text, hidden)
  }

  /// A line of a stream: the guest's end puts what it tells into base64 once more.
  private static func line(_ line: String, _ hidden: [String: String]) -> String {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map { word in
      let bare = word.filter { $0 != "\r" }
      guard bare.utf8.count >= 8, let data = Data(base64Encoded: String(bare)),
        Data(String(decoding: data, as: UTF8.self).utf8) == data
      else { return replaced(String(word), hidden) }
      let plain = String(decoding: data, as: UTF8.self)
      let clean = replaced(plain, hidden)
      return clean == plain ? String(word) : encoded(clean) + (word.hasSuffix("\r") ? "\r" : "")
    }
    return words.joined(separator: " ")
  }

  private static func replaced(_ text: String, _ hidden: [String: String]) -> String {
    hidden.filter { !$0.key.isEmpty }.sorted { $0.key.count > $1.key.count }
      .reduce(text) { $0.replacing($1.key, with: $1.value) }
  }

  private static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
