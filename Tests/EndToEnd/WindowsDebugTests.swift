import Foundation
import Glibc
import TestSupport
import Testing

/// `kiln debug` on a Windows machine.
@Suite(.timeLimit(.minutes(3)), .requiresWinRMServer, .requires("/usr/bin/setsid"))
struct WindowsDebugTests {
  private typealias Rule = WinRMServer.Rule

  private static let look = Rule(
    "kiln debug: what a step finds",
    .out("user:      GUEST\\kiln\r\nenv:       Path=C:\\Windows\r\n"))

  private func write(_ customizers: String, in home: String) throws {
    let text = try Template.text([]).replacing(
      /"customize": \[\s*\]/, with: "\"customize\": [\(customizers)]")
    try Data(text.utf8).write(to: URL(filePath: "\(home)/t.json"))
  }

  private func with(
    _ rules: [WinRMServer.Rule],
    _ body: @Sendable (WinRMServer, String, [String]) async throws -> Void
  ) async throws {
    var configuration = WinRMServer.Configuration()
    configuration.rules = rules
    try await WinRMServer.with(configuration) { server in
      try await ScratchDirectory.with { home in
        let target = "winrm://\(WinRMServer.user)@localhost:\(server.httpsPort)"
        try await body(
          server, home, ["--on", target, "--winrm-thumbprint", server.thumbprint])
      }
    }
  }

  @Test func `a step is looked at and run again, and no shell is offered over WinRM`() async throws
  {
    let rules = [Self.look, Rule("second", .out("it ran\n"), exit: 7)]
    try await with(rules) { server, home, on in
      try write(
        """
        {"type": "PowerShell", "name": "one", "inline": ["first"]},
        {"type": "PowerShell", "name": "two", "inline": ["second"], "validExitCodes": [0, 7]},
        {"type": "PowerShell", "name": "three", "inline": ["third"]}
        """, in: home)
      let end = try await KilnTerminal.run(["debug", "t.json", "two"] + on, in: home) { kiln in
        try await kiln.waitFor("Password for")
        try kiln.type(WinRMServer.password)
        try await kiln.waitFor("step 2, PowerShell \"two\"")
        try await kiln.waitFor(#"\step-2\script.ps1, while it runs"#)
        try await kiln.waitFor("shell:     none over WinRM")
        try await kiln.waitFor(#"env:       Path=C:\Windows"#)
        try await kiln.answer("before step 2", "r")
        try await kiln.answer("after step 2", "r")
        try await kiln.answer("after step 2", "q")
      }
      #expect(end.exit == 0, "\(end.stderr)")
      #expect(!end.stderr.contains("open a shell"))
      let ran = try server.jobs().ran.filter { !$0.contains("kiln debug") }
      #expect(ran.map { $0.prefix(6) } == ["first\r\n", "second", "second"])
      #expect(try server.jobs().jobs == 0)
    }
  }

  @Test func `a saved template runs the step again`() async throws {
    try await with([
      Self.look, Rule("version 1", .out("the first\n")), Rule("version 2", .out("the second\n")),
    ]) {
      server, home, on in
      try write(#"{"type": "PowerShell", "inline": ["version 1"]}"#, in: home)
      let ran = try await KilnProcess.run(
        ["debug", "t.json", "--watch", "--password-fd", "0"] + on, in: home,
        input: WinRMServer.password + "\n"
      ) { kiln in
        try await kiln.waitUntilSays("| the first")
        try await kiln.waitUntilSays("waiting for a change of the step")
        try write(#"{"type": "PowerShell", "inline": ["version 2"]}"#, in: home)
        try await kiln.waitUntilSays("| the second")
        kiln.send(SIGINT)
      }
      #expect(ran.exit == 130, "\(ran.stderr)")
    }
  }

  @Test func `what a step changed can't be told, which is said before anything is done`()
    async throws
  {
    try await with([]) { server, home, on in
      try write(#"{"type": "PowerShell", "inline": ["a"]}"#, in: home)
      let ran = try await KilnProcess.run(["debug", "t.json", "--diff"] + on, in: home)
      #expect(ran.exit == 2)
      #expect(
        ran.stderr.contains("the list of files and packages is made for Linux"), "\(ran.stderr)")
      #expect(try server.log().isEmpty)
    }
  }
}
