import Testing

@testable import WinRM

@Suite struct MessageTests {
  private let envelope = Envelope(
    address: "https://host:5986/wsman", session: "SESSION", limit: 153_600,
    operationTimeout: .seconds(20))
  private let shell = ShellID("S-1")
  private let command = CommandID("C-1")

  private func answer(_ action: String, _ body: String, to message: String = "M") -> [UInt8] {
    Array(
      """
      <s:Envelope xmlns:s="\(WSMan.soap)" xmlns:a="\(WSMan.addressing)" xmlns:x="\(WSMan.transfer)"
        xmlns:w="\(WSMan.management)" xmlns:rsp="\(WSMan.shell)"><s:Header>
        <a:Action>\(action)</a:Action><a:RelatesTo>uuid:\(message)</a:RelatesTo></s:Header>
        <s:Body>\(body)</s:Body></s:Envelope>
      """.utf8)
  }

  private func receive(_ body: String) throws -> ShellReply {
    try ShellReply.read(
      answer(
        WSMan.shell + "/ReceiveResponse", "<rsp:ReceiveResponse>\(body)</rsp:ReceiveResponse>"),
      to: .receive(command, in: shell), message: "M")
  }

  @Test func `the longest Send still fits`() throws {
    let bytes = [UInt8](repeating: 0xff, count: envelope.inputLimit)
    let sent = try envelope.bytes(
      of: .send(bytes, .closed, to: command, in: shell), message: "M")
    #expect(sent.count <= envelope.limit)
    #expect(sent.count > envelope.limit - Envelope.sendOverhead)
    #expect(throws: WinRMError.self) {
      try envelope.bytes(
        of: .send(bytes + bytes, .open, to: command, in: shell), message: "M")
    }
  }

  @Test func `a control character in a command is an error that names it`() throws {
    let request = ShellRequest.command(CommandLine("echo \u{1B}[1m"), in: shell)
    let error = #expect(throws: WinRMError.self) {
      try envelope.bytes(of: request, message: "M")
    }
    #expect(
      error?.description == "could not start a command: its text holds the character U+1B, which "
        + "WinRM can't carry")
  }

  @Test(
    arguments: [
      ("0", 0), ("3010", 3010), ("4294967295", 4_294_967_295), ("-1", 4_294_967_295),
      ("-2147024891", 0x8007_0005),
    ] as [(String, UInt32)])
  func `exit codes have 32 bits, with and without a sign`(text: String, code: UInt32) throws {
    let reply = try receive(
      "<rsp:CommandState CommandId=\"c-1\" State=\"\(WSMan.done)\"><rsp:ExitCode>\(text)"
        + "</rsp:ExitCode></rsp:CommandState>")
    guard case .received(let output) = reply else { throw NoFailure() }
    #expect(output.state == .exited(code))
  }

  @Test(arguments: ["", "x", "4294967296", "-2147483649", "1.0"])
  func `an exit code that is none is no answer`(text: String) {
    #expect(throws: WinRMError.self) {
      try receive(
        "<rsp:CommandState CommandId=\"C-1\" State=\"\(WSMan.done)\"><rsp:ExitCode>\(text)"
          + "</rsp:ExitCode></rsp:CommandState>")
    }
  }

  @Test func `a command that ended without a code did not succeed`() throws {
    let reply = try receive("<rsp:CommandState CommandId=\"C-1\" State=\"\(WSMan.done)\"/>")
    let step = try CommandFollowing(command, in: shell).take(reply)
    #expect(step.end == .unknown)
  }

  @Test(arguments: [
    "<rsp:Stream Name=\"stdout\" CommandId=\"C-2\">YQ==</rsp:Stream>",
    "<rsp:Stream Name=\"stdlog\" CommandId=\"C-1\">YQ==</rsp:Stream>",
    "<rsp:Stream Name=\"stdout\" CommandId=\"C-1\">YQ=</rsp:Stream>",
  ])
  func `a stream that is not the command's is no answer`(stream: String) {
    #expect(throws: WinRMError.self) { try receive(stream) }
  }

  @Test func `an answer to another request is none to this`() {
    let body = "<rsp:CommandResponse><rsp:CommandId>C-1</rsp:CommandId></rsp:CommandResponse>"
    let request = ShellRequest.command(CommandLine("x"), in: shell)
    let action = WSMan.shell + "/CommandResponse"
    #expect(throws: WinRMError.self) {
      try ShellReply.read(answer(action, body, to: "N"), to: request, message: "M")
    }
    #expect(throws: WinRMError.self) {
      try ShellReply.read(
        answer(WSMan.shell + "/SendResponse", body), to: request, message: "M")
    }
    #expect(throws: Never.self) {
      try ShellReply.read(answer(action, body), to: request, message: "m")
    }
  }

  @Test func `what can't be read says so and may have been carried out`() throws {
    let error = #expect(throws: WinRMError.self) {
      try ShellReply.read(
        Array("<!DOCTYPE a><a/>".utf8), to: .create(ShellOptions()), message: "M")
    }
    #expect(error?.mayHaveHappened == true)
    #expect(
      error?.description == "could not make a shell: the answer can't be read: a document type is "
        + "not allowed at byte 2")
  }

  @Test func `the certificates of channel bindings are hashed as their signature is`() {
    // Neither is a certificate: nothing is bound.
    #expect(ChannelBinding.endPoint(of: []).isEmpty)
    #expect(ChannelBinding.endPoint(of: [0x30, 0x00]).isEmpty)
  }

  @Test func `a sealed message is taken out of its body again`() {
    let sealed = (0..<200).map { UInt8($0) } + Array("--Encrypted Boundary--\r\n".utf8)
    let body = SealedMessage.body(sealed, plainLength: 184)
    #expect(SealedMessage.sealed(in: body) == sealed)
    #expect(SealedMessage.sealed(in: Array(body.dropLast(3))) == nil)
    #expect(SealedMessage.sealed(in: []) == nil)
  }
}
