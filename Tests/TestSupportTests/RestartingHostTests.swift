import Glibc
import TestSupport
import Testing

@Suite(.requiresNamespaces, .requires("/usr/sbin/sshd"), .timeLimit(.minutes(3)))
struct RestartingHostTests {
  @Test(arguments: [RestartingHost.Ending.powerCut, .orderly])
  func `a restart ends every process and gives another boot identity`(
    _ ending: RestartingHost.Ending
  ) async throws {
    try await RestartingHost.with { host in
      let ssh = try await SSHClient(host.server)
      let before = try await bootIdentity(ssh)
      #expect(try host.bootIdentity == before)
      _ = try await ssh.run("setsid sleep 300 </dev/null >/dev/null 2>&1 &").succeeded()
      #expect(try await ssh.run("pgrep -x sleep -a").stdout.contains("sleep 300"))
      try await host.reboot(ending)
      #expect(try await bootIdentity(ssh) != before)
      #expect(try await !ssh.run("pgrep -x sleep -a").stdout.contains("sleep 300"))
      #expect(await host.boots == 2)
    }
  }

  /// Commands by absolute path only where this machine has them: a minimal one has no systemd.
  static let commands = [
    "reboot", "/sbin/reboot", "shutdown -r now", "systemctl reboot", "/usr/bin/systemctl reboot",
  ].filter { command in
    let program = command.prefix { $0 != " " }
    return !program.hasPrefix("/usr") || access(String(program), X_OK) == 0
  }

  @Test(arguments: commands)
  func `the guest restarts the machine itself`(_ command: String) async throws {
    try await RestartingHost.with { host in
      let ssh = try await SSHClient(host.server)
      let before = try host.bootIdentity
      #expect(try await ssh.run("\(command); sleep 60").exit == 255)
      try await host.waitUntilRebooted(after: 1)
      #expect(try await bootIdentity(ssh) != before)
    }
  }

  @Test func `a user with sudo restarts the machine, one without does not`() async throws {
    for sudo in [TestUser.Sudo.withoutPassword, .none] {
      let options = TestUser.Options(sudo: sudo)
      try await RestartingHost.with(.init(account: .throwaway(options))) { host in
        let ssh = try await SSHClient(host.server)
        let exit = try await ssh.run("sudo -n reboot && sleep 60 || reboot").exit
        #expect((exit == 255) == (sudo == .withoutPassword))
        if sudo == .withoutPassword { try await host.waitUntilRebooted(after: 1) }
      }
    }
  }

  @Test(arguments: ["poweroff", "shutdown -h now"])
  func `the guest switches the machine off until it is switched on`(
    _ command: String
  ) async throws {
    try await RestartingHost.with { host in
      let ssh = try await SSHClient(host.server)
      _ = try await ssh.run("\(command); sleep 60")
      try await host.waitUntilOff()
      #expect(try await ssh.run("true").stderr.contains("refused"))
      try await host.powerOn()
      #expect(try await ssh.run("true").exit == 0)
    }
  }

  private func bootIdentity(_ ssh: SSHClient) async throws -> String {
    try await ssh.run("cat /proc/sys/kernel/random/boot_id").succeeded().stdout.trimmed
  }
}
