import Digests
import FoundationEssentials
import Pipeline
import SSH
import TestSupport
import Testing

@testable import Guests

/// The way to a Windows machine over SSH.
///
/// A real `sshd`, and behind it the guest that answers by rule over WinRM as well: what Windows' own
/// server does beside that is not shown by it.
@Suite(.requiresWinRMServer, .timeLimit(.minutes(3))) struct SSHTests {
  typealias Rule = WinRMServer.Rule

  @Test(arguments: WinRMServer.LoginShell.allCases)
  func `a script runs once, with its output apart and an exit code of 32 bits`(
    shell: WinRMServer.LoginShell
  ) async throws {
    let rule = Rule("install", .out("é out\n"), .error("err\n"), exit: -2_147_024_891)
    try await WindowsRig.overSSH(shell, rule) { rig, _ in
      let end = try await rig.run(job("install\n"))
      #expect(end == .exited(-2_147_024_891))
      #expect(rig.news.out == "é out\n")
      #expect(rig.news.errors == "err\n")
      #expect(try rig.count("install") == 1)
      #expect(try rig.server.jobs().jobs == 0)
    }
  }

  @Test(arguments: WinRMServer.LoginShell.allCases)
  func `a connection that is cut again and again costs no line`(
    shell: WinRMServer.LoginShell
  ) async throws {
    var rule = Rule("work")
    rule.says = (1...30).flatMap { [Rule.Saying.out("line \($0)\n"), .pause(0.1)] }
    try await WindowsRig.overSSH(shell, rule) { rig, _ in
      try await rig.visit { guest in
        async let end = guest.run(job("work\n"), ahead: .none, report: rig.news.report)
        for line in [3, 9, 15, 21] {
          try await waitUntil("line \(line)", limit: .seconds(30)) {
            rig.news.out.contains("line \(line)\n")
          }
          rig.proxy.cut()
        }
        #expect(try await end == .exited(0))
      }
      #expect(rig.news.out == (1...30).map { "line \($0)\n" }.joined())
      #expect(try rig.count("work") == 1)
      #expect(rig.news.value.lost > 0)
    }
  }

  @Test func `a connection that is cut anywhere in a request is no second execution`()
    async throws
  {
    let rule = Rule("work", .pause(0.2), .out("done\n"), exit: 3)
    try await WindowsRig.overSSH(.cmd, rule) { rig, _ in
      try await rig.visit { guest in
        for bytes in stride(from: 500, through: 40_000, by: 2_500) {
          // The connection that stands goes first; the next one ends after so many bytes.
          rig.proxy.cut(after: bytes, .toServer)
          rig.proxy.cut()
          let job = try job("work \(bytes).\n", id: "step-\(bytes)")
          #expect(try await guest.run(job, ahead: .none, report: rig.news.report) == .exited(3))
          #expect(try rig.count("work \(bytes).") == 1, "cut after \(bytes) bytes")
        }
      }
      #expect(rig.news.out == String(repeating: "done\n", count: 16))
      #expect(rig.news.value.lost >= 16)
    }
  }

  @Test func `a server that falls silent is found out and left behind`() async throws {
    let rule = Rule("work", .out("one\n"), .pause(4), .out("two\n"))
    try await WindowsRig.overSSH(.cmd, rule) { rig, _ in
      try await rig.visit { guest in
        async let end = guest.run(job("work\n"), ahead: .none, report: rig.news.report)
        try await waitUntil("the first line", limit: .seconds(20)) { rig.news.out == "one\n" }
        rig.proxy.silence()
        try await waitUntil("the loss to be seen", limit: .seconds(20)) {
          rig.news.value.lost > 0
        }
        rig.proxy.resume()
        #expect(try await end == .exited(0))
      }
      #expect(rig.news.out == "one\ntwo\n")
      #expect(try rig.count("work") == 1)
    }
  }

  @Test func `a cancelled job is ended on the guest`() async throws {
    try await WindowsRig.overSSH(.cmd, Rule("work", .out("one\n"), .pause(60))) { rig, _ in
      try await rig.visit { guest in
        await #expect(throws: CancellationError.self) {
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
              _ = try await guest.run(job("work\n"), ahead: .none, report: rig.news.report)
            }
            try await rig.waitForStart("work")
            group.cancelAll()
            try await group.waitForAll()
          }
        }
        let jobs = try rig.server.jobs()
        #expect(jobs.running == 0)
      }
    }
  }

  @Test func `a guest that stays away past the timeout is lost, and nothing runs again`()
    async throws
  {
    let rule = Rule("work", .out("one\n"), .pause(60))
    try await WindowsRig.overSSH(.cmd, rule, timeout: .seconds(2)) { rig, _ in
      let guest = try await PowerShellGuest.reach(rig.route, report: rig.news.report)
      let error = try await failure(GuestError.self) {
        async let end = guest.run(job("work\n"), ahead: .none, report: rig.news.report)
        try await waitUntil("the first line", limit: .seconds(20)) { rig.news.out == "one\n" }
        rig.proxy.refuse()
        rig.proxy.cut()
        return try await end
      }
      #expect(error?.kind == .lost)
      #expect(try rig.count("work") == 1)
    }
  }

  @Test(arguments: WinRMServer.LoginShell.allCases)
  func `a file of 2 MB arrives whole, and one that is cut in the middle is sent anew`(
    shell: WinRMServer.LoginShell
  ) async throws {
    let content = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 256) }
    let step = """
      {"type": "File", "sourceUri": "https://example.com/a.bin", \
      "destination": "C:\\\\Tools\\\\a.bin"}
      """
    try await WindowsRig.overSSH(shell) { rig, _ in
      rig.proxy.cut(after: 1_500_000, .toServer)
      let baked = try await rig.bake(step, files: ["https://example.com/a.bin": content])
      #expect(baked.failure == nil, "\(baked.log)")
      #expect(baked.news.value.lost == 1)
      let path = "\(rig.server.guestDirectory)/c/tools/a.bin"
      #expect([UInt8](try Data(contentsOf: URL(filePath: path))) == content)
      let names = try FileManager.default.contentsOfDirectory(
        atPath: "\(rig.server.guestDirectory)/c/tools")
      #expect(names == ["a.bin"])
    }
  }

  @Test func `a file that the machine refuses is told with its reason`() async throws {
    try await WindowsRig.overSSH(.cmd) { rig, _ in
      try FileManager.default.createDirectory(
        atPath: "\(rig.server.guestDirectory)/c/tools/a.bin", withIntermediateDirectories: true)
      let error = try await failure(GuestError.self) {
        try await rig.visit { guest in
          try await guest.place(
            PlacedFile(
              id: "file", source: .bytes([1]), digest: try SHA256Digest(of: [1]), mode: 0o644,
              lifetime: .stay, destination: #"C:\Tools\a.bin"#), report: rig.news.report)
        }
      }
      #expect(
        error?.description
          == #"could not place C:\Tools\a.bin on test guest: C:\Tools\a.bin is a directory"#)
    }
  }

  @Test(arguments: WinRMServer.LoginShell.allCases)
  func `a command's exit code has 32 bits, whatever the server makes of it`(
    shell: WinRMServer.LoginShell
  ) async throws {
    let says = String(repeating: "x", count: 100)
    let rules = [
      Rule("^first", .out(says), exit: 1717), Rule("^second", .error("bad"), exit: -1_073_741_819),
    ]
    try await WindowsRig.overSSH(shell, rules[0], rules[1]) { rig, _ in
      try await rig.visit { guest in
        let first = try await guest.command("first \"a b\"", report: rig.news.report)
        #expect(first == 1717)
        let second = try await guest.command("second", report: rig.news.report)
        #expect(second == 3_221_225_477)
      }
      #expect(rig.news.out == says)
      #expect(rig.news.errors == "bad")
      #expect(try rig.server.started().contains("first \"a b\""))
    }
  }

  @Test func `a machine has restarted when its boot identity is another one`() async throws {
    try await WindowsRig.overSSH(.cmd) { rig, sshd in
      async let restart: Void = {
        try await waitUntil("the restart to begin", limit: .seconds(30)) {
          try rig.server.started().contains { $0.hasPrefix("shutdown") }
        }
        try await sshd.restart()
      }()
      let baked = try await rig.bake(
        #"{"type": "WindowsRestart"}, {"type": "PowerShell", "inline": ["after"]}"#)
      try await restart
      #expect(baked.failure == nil, "\(baked.log)")
      #expect(baked.news.value.restarts == 1)
      #expect(
        try rig.server.started().filter { $0.hasPrefix("shutdown") }
          == [#"shutdown /r /f /t 0 /c "packer restart""#])
    }
  }

  @Test func `a restart that was scheduled for later is taken back, by a code beyond 8 bits`()
    async throws
  {
    var rule = Rule.exits("^shutdown /r", 1190, 0)
    rule.restarts = 0.5
    try await WindowsRig.overSSH(.powershell, rule) { rig, _ in
      let baked = try await rig.bake(#"{"type": "WindowsRestart", "restartTimeout": "2m"}"#)
      #expect(baked.failure == nil, "\(baked.log)")
      let commands = try rig.server.started().filter { $0.hasPrefix("shutdown") }
      #expect(commands.map { $0.prefix(11) } == ["shutdown /r", "shutdown /a", "shutdown /r"])
    }
  }

  @Test func `a script runs elevated where the password is known, and is refused where not`()
    async throws
  {
    let rule = Rule("work", .out("up\n"), exit: 3010)
    let password = Pipeline.Secret(WinRMServer.password)
    try await WindowsRig.overSSH(.cmd, rule, password: password) { rig, _ in
      let end = try await rig.run(job("work\n", as: .elevated))
      #expect(end == .exited(3010))
    }
    try await WindowsRig.overSSH(.cmd, rule) { rig, _ in
      #expect(try await rig.run(job("work\n", as: .root)) == .exited(3010))
      let error = try await failure(GuestError.self) {
        try await rig.run(job("work\n", id: "step-2", as: .elevated))
      }
      #expect(error?.kind == .notStarted)
      #expect(error?.hint == "use `runAsSystem`, or tell it by --password-fd")
      #expect(try rig.count("work") == 1)
    }
  }
}
