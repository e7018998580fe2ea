import HTTP
import Synchronization
import TestSupport
import Testing
import WinRM

/// What every way to log in must bring back.
private let saying = CommandLine("echo out & echo err 1>&2 & exit 3010")
private let said = Outcome(out: "out \r\n", errors: "err  \r\n", end: .exited(3010))

/// Our NTLM is gss-ntlmssp's; the machine's side is pyspnego's, of which nobody here wrote a line.
@Suite(.requiresWinRMServer) struct LoginTests {
  @Test(
    arguments: [
      WinRMCredentials.Scheme.basic, .negotiate(.ntlm), .negotiate(.spnego),
    ], ["none", "relaxed", "strict"])
  func `a command runs over TLS`(scheme: WinRMCredentials.Scheme, bindings: String) async throws {
    var configuration = WinRMServer.Configuration()
    configuration.bindings = bindings
    try await WinRMServer.with(configuration) { server in
      let outcome = try await server.client(scheme).run(saying)
      #expect(outcome == said)
    }
  }

  @Test(arguments: [NegotiateScheme.ntlm, .spnego])
  func `messages are sealed where there is no TLS`(scheme: NegotiateScheme) async throws {
    try await WinRMServer.with { server in
      let outcome = try await server.plainClient(.negotiate(scheme)).run(saying)
      #expect(outcome == said)
    }
  }

  @Test func `Basic does not send a password without TLS`() async throws {
    try await WinRMServer.with { server in
      let error = try await failure { try await server.plainClient(.basic).run(saying) }
      #expect(error.kind == .badRequest)
      #expect(try server.log().isEmpty)
    }
  }

  @Test(arguments: [WinRMCredentials.Scheme.basic, .negotiate(.ntlm), .negotiate(.spnego)])
  func `a wrong password is told apart`(scheme: WinRMCredentials.Scheme) async throws {
    try await WinRMServer.with { server in
      let error = try await failure { try await server.client(scheme, password: "x").run(saying) }
      #expect(error.kind == .authenticationFailed)
      #expect(error.reason.contains("refused the login"))
      #expect(try server.started().isEmpty)
    }
  }

  @Test func `a login that the machine does not offer is named`() async throws {
    var configuration = WinRMServer.Configuration()
    configuration.auth = ["basic"]
    try await WinRMServer.with(configuration) { server in
      let error = try await failure { try await server.client().run(saying) }
      #expect(error.kind == .authenticationFailed)
      #expect(error.reason == "it takes Basic, not Negotiate")
    }
  }

  @Test func `a certificate is believed by either of its thumbprints`() async throws {
    try await WinRMServer.with { server in
      for print in [server.thumbprint.uppercased(), server.thumbprint256] {
        let pin = try #require(CertificatePin(print))
        let outcome = try await server.client(trust: .pinned(pin)).run(saying)
        #expect(outcome == said)
      }
    }
  }

  @Test(arguments: [WinRMCredentials.Scheme.basic, .negotiate(.ntlm)])
  func `another certificate gets to see nothing`(scheme: WinRMCredentials.Scheme) async throws {
    try await WinRMServer.with { server in
      let pin = try #require(CertificatePin(String(repeating: "ab", count: 20)))
      for trust in [HTTPClient.Trust.pinned(pin), .system] {
        let error = try await failure {
          try await server.client(scheme, trust: trust).run(saying)
        }
        #expect(error.kind == .certificateRejected)
      }
      #expect(try server.log().isEmpty)
    }
  }

  @Test func `one login serves a whole shell`() async throws {
    try await WinRMServer.with { server in
      let client = server.client()
      try await client.settle()
      let outcome = try await client.run(saying)
      #expect(outcome == said)
      // The token and the proof, once.
      let log = try server.log()
      #expect(log.filter { $0.action == "login" }.map(\.status) == [401, 200])
    }
  }

  @Test func `what is recorded has no seals and no login`() async throws {
    try await WinRMServer.with { server in
      let recorded = Mutex<[RecordedExchange]>([])
      let client = WinRMClient(
        WinRMEndpoint(host: "localhost", port: UInt16(server.httpPort), transport: .http),
        as: WinRMCredentials(
          user: WinRMServer.user, password: WinRMPassword(WinRMServer.password)),
        record: { exchange in recorded.withLock { $0.append(exchange) } })
      let outcome = try await client.run(saying)
      #expect(outcome == said)
      let exchanges = recorded.withLock { $0 }
      #expect(
        exchanges.compactMap { $0.action.split(separator: "/").last }.filter { $0 != "Receive" }
          == ["Create", "Command", "Signal", "Delete"])
      #expect(exchanges.allSatisfy { $0.request.hasPrefix("<s:Envelope") && $0.status == 200 })
      #expect(exchanges.allSatisfy { $0.response.contains("Envelope>") })
      #expect(exchanges.allSatisfy { !"\($0)".contains(WinRMServer.password) })
    }
  }
}
