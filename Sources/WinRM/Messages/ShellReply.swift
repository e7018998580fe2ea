internal import FoundationEssentials

/// What a machine answered to a request.
public enum ShellReply: Sendable, Equatable {
  /// There is a new shell.
  case created(ShellID)
  /// The command runs.
  case started(CommandID)
  /// What a command has written, and how it is.
  case received(ReceivedOutput)
  /// It was done, and there is nothing to say of it.
  case done
  /// The service's settings.
  case configuration(ServiceConfiguration)
  /// It was not done.
  case fault(WSManFault)
}

/// Which stream of a command bytes belong to.
public enum CommandStream: String, Sendable {
  /// Standard output.
  case stdout
  /// Standard error.
  case stderr
}

/// What one answer holds of a command's output.
public struct ReceivedOutput: Sendable, Equatable {
  /// Bytes of a stream.
  public struct Part: Sendable, Equatable {
    /// The stream.
    public let stream: CommandStream
    /// What the command wrote.
    public let bytes: [UInt8]
  }

  /// The parts, in the order of the answer; those that only say that a stream has ended are none.
  public let parts: [Part]
  /// How the command is.
  public let state: State

  /// How a command is.
  public enum State: Sendable, Equatable {
    /// It runs, or has ended with output still to come.
    case running
    /// It has ended with this code; there is no more output.
    case exited(UInt32)
    /// It has ended, and the machine does not say how.
    case endedWithoutCode
  }
}

/// What the service tells of itself.
public struct ServiceConfiguration: Sendable, Equatable {
  /// The most bytes that an envelope may have (`MaxEnvelopeSizekb`), where it says so.
  public let envelopeLimit: Int?
}

extension ShellReply {
  /// Reads the answer to `request`, whose identifier was `message`.
  /// - Throws: ``WinRMError`` of kind ``WinRMError/Kind/badAnswer`` where it is not one.
  static func read(
    _ bytes: [UInt8], to request: ShellRequest, message: String
  ) throws(WinRMError) -> ShellReply {
    do throws(Unreadable) {
      return try parse(bytes, to: request, message: message)
    } catch {
      throw WinRMError(
        .badAnswer, "could not \(request.name)", "the answer can't be read: \(error.reason)",
        hint: "check that a Windows machine's WinRM listens at this address")
    }
  }

  private static func parse(
    _ bytes: [UInt8], to request: ShellRequest, message: String
  ) throws(Unreadable) -> ShellReply {
    let envelope: XMLElement
    do throws(XMLError) {
      envelope = try XMLReader.read(bytes)
    } catch {
      throw Unreadable("\(error)")
    }
    guard envelope.name == XMLElement.Name(WSMan.soap, "Envelope"),
      let header = envelope.child(WSMan.soap, "Header"),
      let body = envelope.child(WSMan.soap, "Body")
    else { throw Unreadable("it is no envelope") }
    if let fault = WSManFault(body: body) { return .fault(fault) }
    // Else a late answer to another request could pass for that to this one.
    let related = header.child(WSMan.addressing, "RelatesTo")?.trimmedText.uppercased()
    guard related == "UUID:\(message)".uppercased() else {
      throw Unreadable("it belongs to the request \(related ?? "of nobody")")
    }
    let action = header.child(WSMan.addressing, "Action")?.trimmedText ?? ""
    guard action == request.answer else { throw Unreadable("its action is \"\(action)\"") }
    return try read(body: body, of: request)
  }

  private static func read(
    body: XMLElement, of request: ShellRequest
  ) throws(Unreadable) -> ShellReply {
    switch request {
    case .create:
      let created = body.child(WSMan.transfer, "ResourceCreated")
      let selector = created?.descendant(WSMan.management, "SelectorSet")?
        .all(WSMan.management, "Selector").first { $0.attribute("Name") == "ShellId" }
      let shell = selector ?? body.child(WSMan.shell, "Shell")?.child(WSMan.shell, "ShellId")
      guard let shell, !shell.trimmedText.isEmpty else { throw Unreadable("it names no shell") }
      return .created(ShellID(shell.trimmedText))
    case .command:
      let id = body.child(WSMan.shell, "CommandResponse")?.child(WSMan.shell, "CommandId")
      guard let id, !id.trimmedText.isEmpty else { throw Unreadable("it names no command") }
      return .started(CommandID(id.trimmedText))
    case .receive(let command, _):
      guard let response = body.child(WSMan.shell, "ReceiveResponse") else {
        throw Unreadable("it has no ReceiveResponse")
      }
      return .received(try ReceivedOutput(response, of: command))
    case .configuration:
      let size = body.descendant(WSMan.configuration, "MaxEnvelopeSizekb")?.trimmedText
      let kilobytes = size.flatMap { Int($0) }.flatMap { (1...1_048_576).contains($0) ? $0 : nil }
      return .configuration(ServiceConfiguration(envelopeLimit: kilobytes.map { $0 * 1024 }))
    case .send, .signal, .delete: return .done
    }
  }
}

extension ReceivedOutput {
  fileprivate init(_ response: XMLElement, of command: CommandID) throws(Unreadable) {
    var parts: [Part] = []
    for element in response.all(WSMan.shell, "Stream") {
      let name = element.attribute("Name") ?? ""
      guard element.isOf(command), let stream = CommandStream(rawValue: name) else {
        throw Unreadable("it has a stream \"\(name)\" of another command")
      }
      let base64 = element.trimmedText
      guard !base64.isEmpty else { continue }
      guard let data = Data(base64Encoded: base64, options: .ignoreUnknownCharacters) else {
        throw Unreadable("its stream \(name) is not base64")
      }
      if !data.isEmpty { parts.append(Part(stream: stream, bytes: [UInt8](data))) }
    }
    self.parts = parts
    guard let state = response.child(WSMan.shell, "CommandState"), state.isOf(command) else {
      self.state = .running
      return
    }
    guard state.attribute("State") == WSMan.done else {
      self.state = .running
      return
    }
    guard let code = state.child(WSMan.shell, "ExitCode")?.trimmedText else {
      self.state = .endedWithoutCode
      return
    }
    guard let exit = UInt32(code) ?? Int32(code).map({ UInt32(bitPattern: $0) }) else {
      throw Unreadable("its exit code is \"\(code)\"")
    }
    self.state = .exited(exit)
  }
}

extension XMLElement {
  /// Whether it says that it belongs to `command`; Windows writes identifiers in upper case.
  fileprivate func isOf(_ command: CommandID) -> Bool {
    attribute("CommandId").map { $0.uppercased() == command.text.uppercased() } ?? true
  }
}

/// Why an answer can't be read.
private struct Unreadable: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
