import Foundation
import TestSupport
import Testing

/// The built command and a Windows machine that is reached over SSH: a real `sshd`, whose commands go
/// to the tests' guest.
@Suite(.timeLimit(.minutes(4)), .requiresWinRMServer)
struct WindowsSSHTests {
  private typealias Rule = WinRMServer.Rule

  private struct Site: Sendable {
    let server: WinRMServer
    let sshd: SSHServer
    let home: String
    let login: [String]

    var target: String { "ssh://\(sshd.user)@127.0.0.1:\(sshd.port)" }

    func write(_ customizers: String) throws {
      let text = try Template.text([]).replacing(
        /"customize": \[\s*\]/, with: "\"customize\": [\(customizers)]")
      try Data(text.utf8).write(to: URL(filePath: "\(home)/t.json"))
    }

    func kiln(
      _ words: [String], input: String = "",
      while body: (KilnProcess) async throws -> Void = { _ in }
    ) async throws -> KilnEnd {
      try await KilnProcess.run(words, in: home, input: input, while: body)
    }

    func build(_ options: String..., input: String = "") async throws -> KilnEnd {
      try await kiln(["build", "t.json", "--on", target] + login + options, input: input)
    }
  }

  private func with(
    _ rules: [WinRMServer.Rule] = [], _ shell: WinRMServer.LoginShell = .cmd,
    _ body: @Sendable (Site) async throws -> Void
  ) async throws {
    var configuration = WinRMServer.Configuration()
    configuration.rules = rules
    try await WinRMServer.with(configuration) { server in
      try await SSHServer.with(server.sshd(shell)) { sshd in
        try await ScratchDirectory.with { home in
          let key = try await sshd.clientKey()
          try await body(
            Site(
              server: server, sshd: sshd, home: home,
              login: ["--identity", key.privateKeyFile, "--known-hosts", sshd.knownHostsFile]))
        }
      }
    }
  }

  @Test(arguments: WinRMServer.LoginShell.allCases)
  func `a template is baked on a machine that is found to run Windows`(
    shell: WinRMServer.LoginShell
  ) async throws {
    try await with([Rule("hello", .out("hello from Windows\n"))], shell) { site in
      try site.write(
        """
        {"type": "PowerShell", "name": "greet", "inline": ["hello"], "runElevated": true},
        {"type": "WindowsRestart", "name": "again"},
        {"type": "PowerShell", "name": "after", "inline": ["exit 0"], "runAsSystem": true,
         "runElevated": true}
        """)
      let ran = try await site.build("--password-fd", "0", input: WinRMServer.password + "\n")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("hello from Windows"))
      #expect(!ran.stderr.contains(WinRMServer.password))
      let log = try await site.kiln(["log", "latest"])
      #expect(log.stdout.contains("Connected to SSH!"))
      #expect(log.stdout.contains("Starting provisioner windows-restart (step 2 of 3"))
    }
  }

  @Test func `a plan is of Windows, and uses one connection`() async throws {
    try await with { site in
      try site.write(
        """
        {"type": "PowerShell", "inline": ["a"], "runAsSystem": true, "runElevated": true},
        {"type": "WindowsUpdate"}
        """)
      let ran = try await site.kiln(["plan", "t.json", "--on", site.target] + site.login)
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stdout.contains("PowerShell as the system"))
      let log = try site.sshd.log
      #expect(log.ranges(of: "Accepted publickey").count == 1)
      #expect(!log.contains("Starting session"))
    }
  }

  @Test func `a step that runs elevated without a password fails before any step`() async throws {
    try await with { site in
      try site.write(
        """
        {"type": "PowerShell", "inline": ["first"]},
        {"type": "PowerShell", "inline": ["second"], "runElevated": true}
        """)
      let ran = try await site.build()
      #expect(ran.exit == 4, "\(ran.stderr)")
      #expect(
        ran.stderr.contains("a step runs elevated, for which Windows wants the user's password"))
      #expect(ran.stderr.contains("or use `runAsSystem`"))
      #expect(try site.server.jobs().ran.isEmpty)
    }
  }

  @Test func `a Shell customizer on it is refused by what it is`() async throws {
    try await with { site in
      try site.write(#"{"type": "Shell", "inline": ["a"]}"#)
      let ran = try await site.build()
      #expect(ran.exit == 4)
      #expect(ran.stderr.contains("by a POSIX shell: it is a Windows machine"), "\(ran.stderr)")
    }
  }

  @Test func `what a killed build left is removed by gc`() async throws {
    try await with([Rule("work", .out("began\n"), .pause(600))]) { site in
      try site.write(#"{"type": "PowerShell", "name": "long", "inline": ["work"]}"#)
      _ = try await site.kiln(["build", "t.json", "--on", site.target] + site.login) { kiln in
        try await kiln.waitUntilSays("began")
        kiln.send(9)
      }
      #expect(try site.server.jobs().running == 1)
      let gone = try await site.kiln(["gc"])
      #expect(gone.exit == 0, "\(gone.stderr)")
      #expect(try site.server.jobs().jobs == 0)
    }
  }

  @Test func `the doctor looks at it`() async throws {
    try await with(WindowsHostTests.health, .powershell) { site in
      let ran = try await site.kiln(
        ["doctor", site.target, "--restart", "--password-fd", "0"] + site.login,
        input: WinRMServer.password + "\n")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.split(separator: "\n").count { $0.hasPrefix("pass") } == 14)
    }
  }

  @Test(.requiresRoot) func `a Linux machine is reached by one connection, whatever the template`()
    async throws
  {
    try await Rig.with { rig in
      for (number, customizer) in [
        Customizer.shell("true"), .file("a", to: rig.path("b")),
      ].enumerated() {
        try rig.write("a\n", to: "a")
        try rig.writeTemplate(customizer)
        let ran = try await rig.build("--script-user", "login")
        #expect(ran.exit == 0, "\(ran.stderr)")
        let log = try rig.server.log
        #expect(log.ranges(of: "Accepted publickey").count == number + 1)
        #expect(!log.contains("echo %OS%"))
      }
      // One agent for each build, and nothing beside it.
      #expect(try rig.server.log.ranges(of: "Starting session").count == 2)
    }
  }
}
