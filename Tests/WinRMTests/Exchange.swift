import FoundationEssentials
import TestSupport
import Testing

@testable import WinRM

/// A recorded request with its answer.
struct Exchange: Decodable {
  let source: String
  let seq: Int
  let action: String
  let status: Int
  /// What the recording's reader, of which we have no line, made of the answer.
  let summary: String
  let request: String
  let response: String?

  /// All that were recorded.
  static var all: [Exchange] {
    get throws {
      let data = try #require(Shared.data)
      let file = URL(filePath: "\(data)/winrm-recordings/all.jsonl")
      return try [UInt8](Data(contentsOf: file)).split(separator: UInt8(ascii: "\n")).map {
        try JSONDecoder().decode(Exchange.self, from: Data($0))
      }
    }
  }

  var isOfCommandShell: Bool { request.contains(WSMan.commandShell) }

  /// The bytes of the answer; none where there was none.
  var answer: [UInt8] { Array((response ?? "").utf8) }

  func document(_ text: String) throws -> XMLElement { try XMLReader.read(Array(text.utf8)) }

  func message() throws -> String {
    let id = try document(request).child(WSMan.soap, "Header")?
      .child(WSMan.addressing, "MessageID")?.trimmedText
    return String(try #require(id).dropFirst("uuid:".count))
  }

  /// The summary in the form of ``ShellReply/summary``: streams without their ends, joined where they
  /// follow each other, as lengths of their base64.
  var merged: String {
    let words = summary.split(separator: " ").filter {
      !$0.hasSuffix("End]") && !$0.contains("[0b64") && !$0.hasPrefix("['")
    }
    return words.filter { $0 != "End]" }.joined(separator: " ")
  }

  /// What our client would have been asked to do.
  func asked() throws -> ShellRequest {
    let root = try document(request)
    let header = try #require(root.child(WSMan.soap, "Header"))
    let body = try #require(root.child(WSMan.soap, "Body"))
    let options = header.child(WSMan.management, "OptionSet")?.children ?? []
    let option = { (name: String) in
      options.first { $0.attribute("Name") == name }?.trimmedText.uppercased()
    }
    let shell = ShellID(
      header.child(WSMan.management, "SelectorSet")?.children.first?.trimmedText ?? "")
    let part = body.children.first
    let command = CommandID(
      part?.attribute("CommandId") ?? part?.children.first?.attribute("CommandId") ?? "")
    switch action.split(separator: "/").last {
    case "Create": return .create(try shellOptions(try #require(part), option))
    case "Command":
      let line = try #require(part)
      let input = option("WINRS_CONSOLEMODE_STDIN")
      return .command(
        CommandLine(
          line.child(WSMan.shell, "Command")?.text ?? "",
          line.all(WSMan.shell, "Arguments").map(\.text),
          by: option("WINRS_SKIP_CMD_SHELL") == "TRUE" ? .none : .cmd,
          input: input.map { $0 == "TRUE" ? .console : .pipe }), in: shell)
    case "Send":
      let stream = try #require(part?.children.first)
      let bytes = try #require(Data(base64Encoded: stream.trimmedText))
      let isLast = stream.attribute("End")?.uppercased() == "TRUE"
      return .send([UInt8](bytes), isLast ? .closed : .open, to: command, in: shell)
    case "Receive": return .receive(command, in: shell)
    case "Signal":
      let name = part?.child(WSMan.shell, "Code")?.trimmedText.split(separator: "/").last ?? ""
      return .signal(try #require(CommandSignal(rawValue: String(name))), command, in: shell)
    case "Delete": return .delete(shell)
    default: throw NoFailure()
    }
  }

  private func shellOptions(
    _ part: XMLElement, _ option: (String) -> String?
  ) throws -> ShellOptions {
    var options = ShellOptions()
    let duration = { (name: String) in
      part.child(WSMan.shell, name).flatMap { Int($0.trimmedText.dropFirst(2).dropLast()) }
        .map { Duration.seconds($0) }
    }
    options.environment = (part.child(WSMan.shell, "Environment")?.children ?? []).map {
      ShellOptions.Variable($0.attribute("Name") ?? "", $0.text)
    }
    options.workingDirectory = part.child(WSMan.shell, "WorkingDirectory")?.trimmedText
    options.name = part.child(WSMan.shell, "Name")?.trimmedText
    options.idleTimeout = duration("IdleTimeOut")
    options.lifetime = duration("Lifetime")
    options.profile = option("WINRS_NOPROFILE").map { $0 == "TRUE" ? .omitted : .loaded }
    options.codePage = option("WINRS_CODEPAGE").flatMap { Int($0) }
    return options
  }
}

extension ShellReply {
  /// As the recordings' summaries have it, for an answer to a request of this action.
  func summary(of action: String) -> String {
    switch self {
    case .created: return "CreateResponse"
    case .started: return "CommandResponse"
    case .fault(let fault): return "FAULT \(fault.code.map(String.init) ?? "-")"
    case .received(let output):
      let parts = output.parts.map { "\($0.stream.rawValue)[\(($0.bytes.count + 2) / 3 * 4)b64]" }
      switch output.state {
      case .running: return (parts + ["State=Running"]).joined(separator: " ")
      case .exited(let code):
        return (parts + ["State=Done", "Exit=\(code)"]).joined(separator: " ")
      case .endedWithoutCode: return (parts + ["State=Done"]).joined(separator: " ")
      }
    case .done: return "\(action.split(separator: "/").last ?? "")Response"
    case .configuration: return "GetResponse"
    }
  }
}
