internal import FoundationEssentials

/// A command of QMP, with the type of its answer.
public struct QMPCommand<Reply: Decodable & Sendable>: Sendable {
  /// The command's name, such as `query-status`.
  public let name: String
  /// Its arguments.
  public let arguments: [String: JSON]

  /// Makes a command; see QEMU's "QMP Reference Manual" for the names, arguments and answers.
  public init(
    _ name: String, _ arguments: [String: JSON] = [:], reply: Reply.Type = Reply.self
  ) {
    self.name = name
    self.arguments = arguments
  }

  /// The command as a line.
  func line(id: Int) throws -> [UInt8] {
    let request = Request(
      execute: name, arguments: arguments.isEmpty ? nil : arguments, id: id)
    return Array(try JSONEncoder().encode(request)) + [UInt8(ascii: "\n")]
  }

  private struct Request: Encodable {
    let execute: String
    let arguments: [String: JSON]?
    let id: Int
  }
}

/// The answer to a command that only says that it was done.
public struct QMPDone: Decodable, Sendable {
  /// Takes any answer.
  public init(from decoder: any Decoder) {}
}

/// What QEMU says about the machine's state.
public struct QMPStatus: Decodable, Sendable, Hashable {
  /// Whether the guest's processors run.
  public let running: Bool
  /// The state's name, such as `running`, `paused`, `io-error` or `guest-panicked`.
  public let status: String
}

extension QMPCommand where Reply == QMPDone {
  /// Ends the greeting's negotiation.
  static var capabilities: Self { QMPCommand("qmp_capabilities") }
  /// Ends QEMU at once; what it had taken from the guest is written.
  public static var quit: Self { QMPCommand("quit") }
  /// Presses the power button.
  public static var systemPowerdown: Self { QMPCommand("system_powerdown") }
  /// Halts the guest's processors.
  public static var stop: Self { QMPCommand("stop") }
  /// Lets the guest's processors go on.
  public static var cont: Self { QMPCommand("cont") }
}

extension QMPCommand where Reply == QMPStatus {
  /// Asks for the machine's state.
  public static var status: Self { QMPCommand("query-status") }
}

extension QMPCommand where Reply == String {
  /// A command of QEMU's monitor for people; the answer is what it prints.
  public static func monitor(_ line: String) -> Self {
    QMPCommand("human-monitor-command", ["command-line": .string(line)])
  }
}
