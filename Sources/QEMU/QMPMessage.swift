internal import FoundationEssentials

/// One line of QMP, as QEMU sends it.
enum QMPMessage: Sendable {
  /// The first line: QMP is there.
  case greeting
  /// The answer to a command, and the line that it came in.
  case reply(id: Int, line: [UInt8])
  /// The refusal of a command; without a number where QEMU could not read the command.
  case refusal(id: Int?, QMPError)
  case event(QMPEvent)
  /// Something else: the beginning of the line.
  case unreadable(String)

  init(_ line: [UInt8]) {
    guard let value = try? JSONDecoder().decode(JSON.self, from: Data(line)) else {
      self = .unreadable(Self.beginning(of: line))
      return
    }
    let id = value["id"]?.int.flatMap { Int(exactly: $0) }
    if let event = QMPEvent(value) {
      self = .event(event)
    } else if let error = value["error"], let text = error["desc"]?.text {
      self = .refusal(id: id, QMPError(errorClass: error["class"]?.text ?? "none", text: text))
    } else if let id, value["return"] != nil {
      self = .reply(id: id, line: line)
    } else if value["QMP"] != nil {
      self = .greeting
    } else {
      self = .unreadable(Self.beginning(of: line))
    }
  }

  private static func beginning(of line: [UInt8]) -> String {
    legible(String(decoding: line.prefix(80), as: UTF8.self))
  }
}

/// Something that happened in QEMU, as it came: see QEMU's "QMP Reference Manual".
public struct QMPEvent: Sendable, Hashable {
  /// The event's name, such as `SHUTDOWN`.
  public let name: String
  /// What belongs to it; an empty object where nothing does.
  public let data: JSON

  init?(_ value: JSON) {
    guard let name = value["event"]?.text else { return nil }
    self.name = name
    data = value["data"] ?? [:]
  }
}

/// Cuts a stream of bytes into lines.
struct LineSplitter {
  /// Larger than any answer of QEMU's; a longer line is no QMP.
  static let longestLine = 16 << 20

  private var unfinished: [UInt8] = []

  /// Takes bytes in.
  /// - Returns: the lines that they end, without line ends and without empty ones; `nil` where a
  ///   line is longer than ``longestLine``.
  mutating func add(_ bytes: ArraySlice<UInt8>) -> [[UInt8]]? {
    var lines: [[UInt8]] = []
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      var line = unfinished + rest[..<end]
      unfinished = []
      rest = rest[(end + 1)...]
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if !line.isEmpty { lines.append(line) }
    }
    unfinished += rest
    return unfinished.count > Self.longestLine ? nil : lines
  }
}
