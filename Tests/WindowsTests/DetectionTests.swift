import Pipeline
import SSH
import TestSupport
import Testing

@testable import Guests

/// How Windows is told from other systems over SSH.
@Suite(.timeLimit(.minutes(1))) struct DetectionTests {
  /// A Windows guest's `sshd` that greets as others do.
  private func stranger(
    _ server: WinRMServer, _ shell: WinRMServer.LoginShell
  ) -> SSHServer.Configuration {
    var configuration = server.sshd(shell)
    configuration.lines.removeAll { $0.hasPrefix("VersionAddendum") }
    return configuration
  }

  @Test(.requiresWinRMServer, arguments: WinRMServer.LoginShell.allCases)
  func `Windows says it in its greeting, and by its login shell`(
    shell: WinRMServer.LoginShell
  ) async throws {
    try await WinRMServer.with { server in
      try await SSHServer.with(server.sshd(shell)) { sshd in
        let connection = try await WindowsRig.dial(sshd, sshd.port)()
        #expect(try await connection.guestSystem() == .windows)
        let log = try sshd.log
        #expect(!log.contains("Starting session"))
        #expect(try await LoginShell.ask(connection) == (shell == .cmd ? .cmd : .powerShell))
        await connection.close()
      }
    }
  }

  @Test func `a Linux machine is known by its greeting alone, without a command`() async throws {
    try await SSHServer.with { sshd in
      let connection = try await WindowsRig.dial(sshd, sshd.port)()
      #expect(try await connection.guestSystem() == .posix)
      let log = try sshd.log
      #expect(!log.contains("Starting session"))
      #expect(try await LoginShell.ask(connection) == nil)
      await connection.close()
    }
  }

  @Test(arguments: [
    ("Windows_NT $env:OS\r\n", LoginShell.cmd), ("%OS%\r\nWindows_NT\r\n", .powerShell),
    ("a profile says this\r\n%OS%\r\nWindows_NT\r\n", .powerShell), ("%OS% :OS\n", nil), ("", nil),
  ])
  func `what login shells answer`(answer: String, shell: LoginShell?) {
    #expect(LoginShell(answer: answer) == shell)
  }

  @Test(.requiresWinRMServer, arguments: WinRMServer.LoginShell.allCases)
  func `a Windows machine that is taken for another is named as what it is`(
    shell: WinRMServer.LoginShell
  ) async throws {
    try await WinRMServer.with { server in
      try await SSHServer.with(stranger(server, shell)) { sshd in
        let route = SSHRoute(
          name: "test guest", run: "run-1", timeout: .seconds(20), patience: .none,
          dial: try await WindowsRig.dial(sshd, sshd.port))
        let error = try await failure(GuestError.self) {
          try await SSHGuest.reach(route) { _ in }
        }
        #expect(error?.kind == .unfit)
        #expect(
          error?.description
            == "could not work on test guest by a POSIX shell: it is a Windows machine")
      }
    }
  }

  @Test func `a machine that is no Windows is refused as one`() async throws {
    try await SSHServer.with { sshd in
      let route = WindowsRoute(
        name: "test guest", run: "run-1", timeout: .seconds(20), password: nil,
        dial: try await WindowsRig.dial(sshd, sshd.port))
      let error = try await failure(GuestError.self) {
        try await PowerShellGuest.reach(route) { _ in }
      }
      #expect(error?.kind == .unfit)
      #expect(
        error?.description
          == "could not work on test guest: its login shell is neither cmd nor PowerShell")
    }
  }

  @Test(arguments: [
    ("hello1a2b3c 1717", "hello", UInt32(1717)), ("1a2b3c -1073741819\r\n", "", 3_221_225_477),
    ("hello", "hello", nil), ("hello1a2b3c", "hello", nil),
  ])
  func `a code behind a mark is found, wherever the output is cut`(
    output: String, text: String, code: UInt32?
  ) {
    for cut in 0...output.utf8.count {
      var marked = MarkedCode("1a2b3c")
      let bytes = Array(output.utf8)
      let before =
        marked.add(Array(bytes[..<cut])) + marked.add(Array(bytes[cut...])) + marked.finish()
      #expect(String(decoding: before, as: UTF8.self) == text)
      #expect(marked.value == code)
    }
  }
}
