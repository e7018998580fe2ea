import Foundation
import TestSupport
import Testing

/// The built command and a Windows machine of the user's own, which is the tests' WinRM server.
@Suite(.timeLimit(.minutes(4)), .requiresWinRMServer)
struct WindowsHostTests {
  typealias Rule = WinRMServer.Rule

  private func target(_ server: WinRMServer) -> String {
    "winrm://\(WinRMServer.user)@localhost:\(server.httpsPort)"
  }

  private func login(_ server: WinRMServer) -> [String] {
    ["--winrm-thumbprint", server.thumbprint, "--password-fd", "0"]
  }

  private func with(
    _ rules: [WinRMServer.Rule], _ body: @Sendable (WinRMServer, String) async throws -> Void
  ) async throws {
    var configuration = WinRMServer.Configuration()
    configuration.rules = rules
    try await WinRMServer.with(configuration) { server in
      try await ScratchDirectory.with { home in try await body(server, home) }
    }
  }

  private func write(_ customizers: String, in home: String) throws {
    let text = try Template.text([]).replacing(
      /"customize": \[\s*\]/, with: "\"customize\": [\(customizers)]")
    try Data(text.utf8).write(to: URL(filePath: "\(home)/t.json"))
  }

  @Test func `a template is baked on a Windows machine, by a password from a descriptor`()
    async throws
  {
    try await with([Rule("hello", .out("hello from Windows\n"))]) { server, home in
      try write(
        """
        {"type": "PowerShell", "name": "greet", "inline": ["hello"], "runElevated": true},
        {"type": "WindowsRestart", "name": "again"},
        {"type": "PowerShell", "name": "after", "inline": ["exit 0"]}
        """, in: home)
      let ran = try await KilnProcess.run(
        ["build", "t.json", "--on", target(server)] + login(server), in: home,
        input: WinRMServer.password + "\n")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("hello from Windows"))
      #expect(!ran.stderr.contains(WinRMServer.password))
      #expect(try server.shells() == 0)
      let log = try await KilnProcess.run(["log", "latest"], in: home)
      #expect(log.stdout.contains("WinRM connected."))
      #expect(log.stdout.contains("Starting provisioner windows-restart (step 2 of 3"))
    }
  }

  @Test func `a step that fails is named with its place and its exit code`() async throws {
    try await with([Rule("install", exit: 1603)]) { server, home in
      try write(#"{"type": "PowerShell", "name": "msi", "inline": ["install"]}"#, in: home)
      let ran = try await KilnProcess.run(
        ["build", "t.json", "--on", target(server)] + login(server), in: home,
        input: WinRMServer.password + "\n")
      #expect(ran.exit == 1)
      #expect(
        ran.stderr.contains(#"step 1 of 1, PowerShell "msi", failed with exit code 1603 (t.json:"#),
        "\(ran.stderr)")
    }
  }

  @Test func `another certificate than the pinned one is refused before the login`() async throws {
    try await with([]) { server, home in
      try write(#"{"type": "PowerShell", "inline": ["a"]}"#, in: home)
      let other = String(repeating: "0", count: 40)
      let ran = try await KilnProcess.run(
        ["build", "t.json", "--on", target(server), "--winrm-thumbprint", other]
          + ["--password-fd", "0"], in: home, input: WinRMServer.password + "\n")
      #expect(ran.exit == 4, "\(ran.stderr)")
      #expect(try server.log().isEmpty)
    }
  }

  @Test func `a Shell customizer is refused on Windows before anything is touched`() async throws {
    try await with([]) { server, home in
      try write(#"{"type": "Shell", "inline": ["a"]}"#, in: home)
      let ran = try await KilnProcess.run(
        ["plan", "t.json", "--on", target(server)], in: home)
      #expect(ran.exit == 2)
      #expect(ran.stderr.contains("a Shell customizer can't run on Windows"), "\(ran.stderr)")
    }
  }

  /// What a machine that is well says to the doctor.
  static let health = [
    Rule("doctor: streams", .out("out"), .error("err"), exit: -2_147_024_891),
    Rule("doctor: letters", .out("é")), Rule("doctor: throw", exit: 1),
    Rule("doctor: strict", exit: 1),
    Rule(
      "doctor: detached", .out("1"), .out("2"), .pause(1), .out("3"), .out("4"), .pause(1),
      .out("5"), .out("6")),
    Rule("doctor: cancel", .out("started"), .pause(600)),
  ]

  @Test func `the doctor passes a machine that is well, and records what was said`() async throws {
    try await with(Self.health) { server, home in
      let ran = try await KilnProcess.run(
        ["doctor", target(server), "--restart", "--record", "r.jsonl"] + login(server), in: home,
        input: WinRMServer.password + "\n")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.split(separator: "\n").count { $0.hasPrefix("pass") } == 14)
      #expect(try server.shells() == 0)
      let text = String(
        decoding: try Data(contentsOf: URL(filePath: "\(home)/r.jsonl")), as: UTF8.self)
      #expect(text.split(separator: "\n").count > 50)
      for secret in [WinRMServer.password, "localhost", "GUEST"] {
        #expect(!text.contains(secret), "\(secret)")
        #expect(!text.contains(Data(secret.utf8).base64EncodedString()), "\(secret)")
      }
    }
  }

  @Test func `the doctor names what a machine can't do, and goes on`() async throws {
    let rules = [Rule("doctor: letters", .out("?")), Rule("doctor: updates", exit: 1)]
    try await with(rules + Self.health) { server, home in
      let ran = try await KilnProcess.run(
        ["doctor", target(server)] + login(server), in: home, input: WinRMServer.password + "\n")
      #expect(ran.exit == 1)
      #expect(ran.stderr.contains("fail  letters beyond ASCII survive"), "\(ran.stderr)")
      #expect(ran.stderr.contains("fail  Windows Update can be used by the system"))
      #expect(ran.stderr.contains("2 of 13 checks failed"))
    }
  }

  @Test func `what a killed build left is removed by gc`() async throws {
    try await with([Rule("work", .out("began\n"), .pause(600))]) { server, home in
      try write(#"{"type": "PowerShell", "name": "long", "inline": ["work"]}"#, in: home)
      _ = try await KilnProcess.run(
        ["build", "t.json", "--on", target(server)] + login(server), in: home,
        input: WinRMServer.password + "\n"
      ) { kiln in
        try await kiln.waitUntilSays("began")
        kiln.send(9)
      }
      #expect(try server.jobs().running == 1)
      let gone = try await KilnProcess.run(
        ["gc", "--password-fd", "0"], in: home, input: WinRMServer.password + "\n")
      #expect(gone.exit == 0, "\(gone.stderr)")
      #expect(try server.jobs().running == 0)
      #expect(try server.jobs().jobs == 0)
    }
  }
}
