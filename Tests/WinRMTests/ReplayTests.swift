import FoundationEssentials
import TestSupport
import Testing

@testable import WinRM

/// Exchanges of other clients with real Windows machines (`winrm-recordings/README.md`).
@Suite(.requiresSharedData) struct ReplayTests {
  @Test func `every recorded document is read`() throws {
    let exchanges = try Exchange.all
    #expect(exchanges.count == 652)
    for exchange in exchanges {
      _ = try exchange.document(exchange.request)
      if let response = exchange.response { _ = try exchange.document(response) }
    }
  }

  @Test func `all answers of the command shell are read to what the recording says of them`() throws
  {
    let exchanges = try Exchange.all.filter(\.isOfCommandShell)
    #expect(exchanges.count == 242)
    for exchange in exchanges {
      let request = try exchange.asked()
      // One recording has the answer to another request in it.
      let isMixed = exchange.source == "test_winrs_unicode.yml" && exchange.seq == 4
      let message = isMixed ? "C6D0BB3D-5D04-44D6-ADC9-1DB2E445AB14" : try exchange.message()
      let reply = try ShellReply.read(exchange.answer, to: request, message: message)
      #expect(
        reply.summary(of: exchange.action) == exchange.merged, "\(exchange.source) \(exchange.seq)")
    }
  }

  @Test func `our requests have the elements of the recorded ones`() throws {
    var differences: Set<String> = []
    for exchange in try Exchange.all.filter(\.isOfCommandShell) {
      // It names no command, to see what Windows says to that.
      if exchange.source == "test_winrs_fail_poll_process.yml", exchange.seq == 1 { continue }
      let recorded = try exchange.document(exchange.request)
      let header = try #require(recorded.child(WSMan.soap, "Header"))
      let text = { header.child($0, $1)?.trimmedText ?? "" }
      // Some clients send more than they say that they take.
      let limit = max(
        Int(text(WSMan.management, "MaxEnvelopeSize")) ?? 0, exchange.request.utf8.count)
      let ours = Envelope(
        address: text(WSMan.addressing, "To"),
        session: String(text(WSMan.microsoft, "SessionId").dropFirst("uuid:".count)),
        limit: limit,
        operationTimeout: .seconds(try seconds(text(WSMan.management, "OperationTimeout"))))
      let bytes = try ours.bytes(of: try exchange.asked(), message: try exchange.message())
      let a = facts(try XMLReader.read(bytes)), b = facts(recorded)
      for fact in a.subtracting(b) { differences.insert("ours: \(generic(fact))") }
      for fact in b.subtracting(a) { differences.insert("theirs: \(generic(fact))") }
    }
    #expect(
      differences == [
        // A name for the session, which WinRMSharp does not give.
        "ours: Header/SessionId", "ours: Header/SessionId mustunderstand=false",
        // WinRMSharp's options need not be understood; it sends an empty set of them, too.
        "ours: Header/OptionSet mustunderstand=true", "theirs: Header/OptionSet",
        // What pypsrp asks of a Receive, which has no effect on a command shell.
        "theirs: Header/OptionSet/Option name=wsman_cmdshell_option_keepalive",
        "theirs: Header/OptionSet/Option wsman_cmdshell_option_keepalive is true",
        "theirs: Header/OptionSet mustunderstand=true",
        "theirs: Header/OptionSet/Option mustcomply=true",
        // Saying that input does not end is the same as not saying that it does.
        "theirs: Body/Send/Stream end=false",
        // The limit, where a client sends more than it says.
        "ours: Header/MaxEnvelopeSize", "theirs: Header/MaxEnvelopeSize",
      ])
  }

  @Test func `each recorded command is followed to the exit code that it had`() throws {
    var ends: [String: [RunningCommand.End]] = [:]
    var followed = 0
    for exchange in try Exchange.all where exchange.isOfCommandShell {
      let request = try exchange.asked()
      guard case .receive(let command, let shell) = request else { continue }
      let reply = try ShellReply.read(
        exchange.answer, to: request, message: try exchange.message())
      if case .fault(let fault) = reply, fault.code == 87 { continue }
      let step = try CommandFollowing(command, in: shell).take(reply)
      followed += 1
      let key = "\(exchange.source) \(shell.text) \(command.text)"
      #expect(ends[key, default: []].isEmpty, "\(key) goes on after its end")
      if let end = step.end { ends[key, default: []].append(end) }
    }
    #expect(followed == 53)
    let codes = ends.values.joined().reduce(into: [:]) { $0["\($1)", default: 0] += 1 }
    #expect(codes == ["exited(0)": 37, "exited(1)": 2, "unknown": 2], "\(codes)")
  }

  @Test func `the settings of a service tell how long envelopes may be`() throws {
    for (name, limit) in [("150", 153_600), ("500", 512_000), ("4096", 4_194_304)] {
      let exchange = try #require(
        try Exchange.all.first { $0.source == "test_wsman_update_envelope_size_\(name).yml" })
      let reply = try ShellReply.read(
        exchange.answer, to: .configuration, message: try exchange.message())
      #expect(reply == .configuration(ServiceConfiguration(envelopeLimit: limit)))
    }
  }

  @Test(
    arguments: [
      ("soap_fault_v1.xml", 2_150_858_778, "CannotProcessFilter"),
      ("soap_fault_v2.xml", 2_150_858_778, "CannotProcessFilter"),
      ("soap_fault_omi.xml", nil, "InternalError"),
    ] as [(String, UInt32?, String)])
  func `faults of all generations are read`(name: String, code: UInt32?, word: String) throws {
    let data = try #require(Shared.data)
    let path = "\(data)/winrm-recordings/WinRb/responses/\(name)"
    let root = try XMLReader.read([UInt8](try Data(contentsOf: URL(filePath: path))))
    let body = try #require(root.child(WSMan.soap, "Body"))
    let fault = try #require(WSManFault(body: body))
    #expect(fault.code == code)
    #expect(fault.subcode == word)
    #expect(!fault.message.isEmpty && !fault.message.contains("\n"))
  }

  /// The only recordings of these two; theirs is the oldest form of an answer to a new shell.
  @Test(arguments: ["win7", "win12"])
  func `a session with Windows 7 and one with 2012 are read`(name: String) throws {
    let data = try #require(Shared.data)
    let file = URL(filePath: "\(data)/winrm-recordings/winrm4j/\(name).xml")
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    let answers = text.split(separator: "<response>").dropFirst().compactMap {
      $0.split(separator: "</response>").first
    }
    #expect(answers.count == 5)
    let shell = ShellID(
      name == "win7"
        ? "DDAD7559-3B88-44FA-890B-7FD87F86CB6C" : "AF161CE1-3D3F-46B7-A101-800DD70639A9")
    let command = CommandID(
      name == "win7"
        ? "0EC45416-057F-49E6-913F-5230FEF0F184" : "D6BF85B4-E0D0-4770-9330-F5474E967185")
    let requests: [ShellRequest] = [
      .create(ShellOptions()), .command(CommandLine("echo myline"), in: shell),
      .receive(command, in: shell), .signal(.terminate, command, in: shell), .delete(shell),
    ]
    let replies = try zip(requests, answers).map { request, answer in
      let filled = answer.replacing("${messageId}", with: "uuid:M")
      return try ShellReply.read(Array(filled.utf8), to: request, message: "M")
    }
    let line = ReceivedOutput.Part(stream: .stdout, bytes: Array("myline\r\n".utf8))
    #expect(
      replies == [
        .created(shell), .started(command),
        .received(ReceivedOutput(parts: [line], state: .exited(0))), .done, .done,
      ])
  }

  private func seconds(_ text: String) throws -> Int64 {
    try #require(Int64(text.dropFirst("PT".count).dropLast("S".count)))
  }

  /// What a document says in terms of its schema: each element and attribute by its path, with what
  /// it holds; booleans and names of options in lower case, as they are read.
  private func facts(_ root: XMLElement) -> Set<String> {
    var found: Set<String> = []
    func walk(_ element: XMLElement, _ path: String) {
      let name = element.name.namespace + " " + element.name.local
      let path = path.isEmpty ? name : "\(path)/\(name)"
      let text = element.trimmedText
      // What a value is belongs to its name.
      switch (element.name.local, element.attribute("Name")) {
      case ("Option", let name?):
        found.insert("\(path)\u{1}" + "\(name) is \(text)".lowercased())
      case ("Variable", let name?): found.insert("\(path)\u{1}\(name) is \(text)")
      default: found.insert("\(path)\u{1}\(text)")
      }
      for (key, value) in element.attributes {
        let isExact = ["Variable", "Selector"].contains(element.name.local)
        found.insert(
          "\(path)\u{1}\(key.local.lowercased())=\(isExact ? value : value.lowercased())")
      }
      for child in element.children { walk(child, path) }
    }
    walk(root, "")
    return found
  }

  /// A fact without namespaces, and without the text of an element.
  private func generic(_ fact: String) -> String {
    let parts = fact.split(separator: "\u{1}", omittingEmptySubsequences: false)
    let path = parts[0].split(separator: "/").filter { $0.contains(" ") }
      .compactMap { $0.split(separator: " ").last }.dropFirst().joined(separator: "/")
    let isValue = parts[1].contains("=") && !path.hasSuffix("Command")
    return isValue || parts[1].contains(" is ") ? "\(path) \(parts[1])" : path
  }
}
