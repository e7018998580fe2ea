import TestSupport
import Testing

@Suite(.requires("/usr/sbin/sshd"), .timeLimit(.minutes(2)))
struct SSHServerTests {
  @Test func `the real client logs in and sees the host key that it was told`() async throws {
    try await SSHServer.with { server in
      let ssh = try await SSHClient(server)
      let ran = try await ssh.run("echo here; exit 7")
      #expect(ran.stdout == "here\n")
      #expect(ran.exit == 7)
      #expect(try server.log.contains("Accepted publickey"))
    }
  }

  @Test(arguments: KeyPair.Kind.allCases)
  func `a client key of each kind may log in`(_ kind: KeyPair.Kind) async throws {
    try await SSHServer.with { server in
      let ssh = try await SSHClient(server)
      let key = try await server.clientKey(kind)
      let arguments = ["-i", key.privateKeyFile] + ssh.arguments.dropFirst(4)
      #expect(try await run("ssh", ["-F", "none"] + arguments + ["true"]).exit == 0)
    }
  }

  @Test func `a key that was not authorised is refused`() async throws {
    try await SSHServer.with { server in
      let ssh = try await SSHClient(server)
      let stranger = try await KeyPair.make(in: server.directory)
      let arguments = ["-i", stranger.privateKeyFile] + ssh.arguments.dropFirst(4)
      #expect(try await run("ssh", ["-F", "none"] + arguments + ["true"]).exit == 255)
    }
  }

  @Test func `SFTP is there only when it is asked for`() async throws {
    for sftp in [SSHServer.Configuration.SFTP.off, .on] {
      try await SSHServer.with(.init(sftp: sftp)) { server in
        let ssh = try await SSHClient(server)
        let exit = try await run("ssh", ["-s"] + ssh.arguments + ["sftp"]).exit
        #expect((exit == 0) == (sftp == .on))
      }
    }
  }

  @Test func `a restart cuts the connections and keeps port and keys`() async throws {
    try await SSHServer.with { server in
      let ssh = try await SSHClient(server)
      async let cut = ssh.run("sleep 60")
      try await waitUntil("the session") { try await server.connectionProcesses() > 0 }
      try await server.restart()
      #expect(try await cut.exit == 255)
      #expect(try await ssh.run("true").exit == 0)
    }
  }

  @Test func `killing the connections leaves the server`() async throws {
    try await SSHServer.with { server in
      let ssh = try await SSHClient(server)
      async let cut = ssh.run("sleep 60")
      try await waitUntil("the session") { try server.log.contains("Starting session") }
      try await server.killConnections()
      #expect(try await cut.exit == 255)
      #expect(try await ssh.run("true").exit == 0)
    }
  }

  @Test func `the startup files of who runs the tests are out of play`() async throws {
    try await SSHServer.with { server in
      let ssh = try await SSHClient(server)
      #expect(try await ssh.run("echo $HOME").stdout == "\(server.directory)/home\n")
      #expect(try await ssh.run("ls -A $HOME").stdout == "")
    }
  }

  @Test func `what a session left running ends with the server`() async throws {
    let pid = try await SSHServer.with { server in
      let ssh = try await SSHClient(server)
      return try await ssh.run("setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $!").stdout
    }
    try await waitUntil("the sleeper to end") {
      try await run("kill", ["-0", pid.trimmed]).exit != 0
    }
  }
}

extension String {
  var trimmed: String { filter { !$0.isWhitespace } }
}
