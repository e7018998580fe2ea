internal import FoundationEssentials

/// What surrounds each request: where it goes, and what its answer may cost.
struct Envelope: Sendable {
  /// The address of the service, `https://host:5986/wsman`.
  var address: String
  /// The same for all requests of a client; upper-case, as Windows writes them.
  var session: String
  /// The most bytes that an envelope may have, in either direction.
  var limit: Int
  /// How long the machine may take for an answer.
  var operationTimeout: Duration

  /// Room for all of a Send but its base64: such envelopes have about 1,700 bytes with the longest
  /// host names that occur.
  static let sendOverhead = 2560

  /// The most bytes of standard input for one request.
  var inputLimit: Int { max(3, (limit - Self.sendOverhead) / 4 * 3) }

  /// The bytes of a request.
  /// - Throws: ``WinRMError`` where it holds a character that XML can't carry, or is longer than
  ///   ``limit``.
  func bytes(of request: ShellRequest, message: String) throws(WinRMError) -> [UInt8] {
    var writer = XMLWriter()
    writer.element(
      "s:Envelope",
      [
        "xmlns:s": WSMan.soap, "xmlns:a": WSMan.addressing, "xmlns:w": WSMan.management,
        "xmlns:p": WSMan.microsoft, "xmlns:rsp": WSMan.shell,
      ]
    ) {
      $0.element("s:Header") { write(header: request, message, to: &$0) }
      $0.element("s:Body") { request.writeBody(to: &$0) }
    }
    if let scalar = writer.unsendable {
      throw WinRMError(
        .badRequest, "could not \(request.name)",
        "its text holds the character U+\(String(scalar.value, radix: 16, uppercase: true)), "
          + "which WinRM can't carry")
    }
    let bytes = Array(writer.text.utf8)
    guard bytes.count <= limit else {
      throw WinRMError(
        .badRequest, "could not \(request.name)",
        "the request has \(bytes.count) bytes, and the machine takes \(limit)")
    }
    return bytes
  }

  private func write(header request: ShellRequest, _ message: String, to writer: inout XMLWriter) {
    writer.element("a:To", text: address)
    writer.element("a:ReplyTo") {
      $0.element("a:Address", ["s:mustUnderstand": "true"], text: WSMan.anonymous)
    }
    writer.element("a:Action", ["s:mustUnderstand": "true"], text: request.action)
    writer.element("a:MessageID", text: "uuid:\(message)")
    writer.element("w:ResourceURI", ["s:mustUnderstand": "true"], text: request.resource)
    writer.element("w:MaxEnvelopeSize", ["s:mustUnderstand": "true"], text: "\(limit)")
    writer.element("w:OperationTimeout", text: operationTimeout.xml)
    writer.element("w:Locale", ["s:mustUnderstand": "false", "xml:lang": "en-US"])
    writer.element("p:DataLocale", ["s:mustUnderstand": "false", "xml:lang": "en-US"])
    writer.element("p:SessionId", ["s:mustUnderstand": "false"], text: "uuid:\(session)")
    if let shell = request.shell {
      writer.element("w:SelectorSet") {
        $0.element("w:Selector", ["Name": "ShellId"], text: shell.text)
      }
    }
    if let options = request.options, !options.isEmpty {
      writer.element("w:OptionSet", ["s:mustUnderstand": "true"]) {
        for option in options {
          $0.element("w:Option", ["Name": option.name], text: option.value)
        }
      }
    }
  }
}

extension ShellRequest {
  fileprivate func writeBody(to writer: inout XMLWriter) {
    switch self {
    case .create(let options): options.write(to: &writer)
    case .command(let line, _):
      writer.element("rsp:CommandLine") {
        $0.element("rsp:Command", text: line.command)
        for argument in line.arguments { $0.element("rsp:Arguments", text: argument) }
      }
    case .send(let bytes, let end, let command, _):
      let base64 = Data(bytes).base64EncodedString()
      writer.element("rsp:Send") {
        switch end {
        case .open:
          $0.element("rsp:Stream", ["Name": "stdin", "CommandId": command.text], base64: base64)
        case .closed:
          $0.element(
            "rsp:Stream", ["Name": "stdin", "CommandId": command.text, "End": "true"],
            base64: base64)
        }
      }
    case .receive(let command, _):
      writer.element("rsp:Receive") {
        $0.element("rsp:DesiredStream", ["CommandId": command.text], text: "stdout stderr")
      }
    case .signal(let signal, let command, _):
      writer.element("rsp:Signal", ["CommandId": command.text]) {
        $0.element("rsp:Code", text: WSMan.shell + "/signal/" + signal.rawValue)
      }
    case .delete, .configuration: break
    }
  }
}

extension ShellOptions {
  /// In the order that recorded clients of real machines keep.
  fileprivate func write(to writer: inout XMLWriter) {
    writer.element("rsp:Shell") {
      if !environment.isEmpty {
        $0.element("rsp:Environment") {
          for variable in environment {
            $0.element("rsp:Variable", ["Name": variable.name], text: variable.value)
          }
        }
      }
      if let idleTimeout { $0.element("rsp:IdleTimeOut", text: idleTimeout.xml) }
      $0.element("rsp:InputStreams", text: "stdin")
      if let lifetime { $0.element("rsp:Lifetime", text: lifetime.xml) }
      if let name { $0.element("rsp:Name", text: name) }
      $0.element("rsp:OutputStreams", text: "stdout stderr")
      if let workingDirectory { $0.element("rsp:WorkingDirectory", text: workingDirectory) }
    }
  }
}

extension Duration {
  /// In whole seconds as XML Schema writes durations, at least one.
  var xml: String { "PT\(max(1, components.seconds))S" }
}
