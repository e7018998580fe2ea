import TestSupport
import Testing

@Suite(.requiresRoot, .timeLimit(.minutes(2)))
struct TestUserTests {
  @Test func `a user has its shell and is gone afterwards`() async throws {
    let user = try await TestUser.with(.init(shell: "/bin/bash")) { user in
      let entry = try await run("getent", ["passwd", user.name]).succeeded().stdout
      #expect(entry.trimmed.hasSuffix(":\(user.home):/bin/bash"))
      return user
    }
    #expect(try await run("getent", ["passwd", user.name]).exit == 2)
    #expect(try await run("test", ["-e", user.home]).exit == 1)
  }

  @Test func `a user's processes end with it`() async throws {
    try await SSHServer.with { server in
      let pid = try await TestUser.with { user in
        let ssh = try await SSHClient(server, user: user.name)
        return try await ssh.run("setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $!")
          .succeeded().stdout
      }
      #expect(try await run("kill", ["-0", pid.trimmed]).exit != 0)
    }
  }

  @Test func `a server can have a user of its own who becomes root without a password`()
    async throws
  {
    let options = TestUser.Options(sudo: .withoutPassword)
    try await SSHServer.with(.init(account: .throwaway(options))) { server in
      let ssh = try await SSHClient(server)
      #expect(try await ssh.run("id -un").stdout.trimmed == server.user)
      #expect(try await ssh.run("sudo -n id -un").stdout.trimmed == "root")
    }
  }

  @Test func `a user without rights does not become root`() async throws {
    try await SSHServer.with(.init(account: .throwaway(.init()))) { server in
      let ssh = try await SSHClient(server)
      #expect(try await ssh.run("sudo -n id -un").exit == 1)
    }
  }

  @Test func `sshd takes a user's password and no other`() async throws {
    let options = TestUser.Options(password: "right")
    try await SSHServer.with(.init(account: .throwaway(options))) { server in
      for (password, exit) in [("right", Int32(0)), ("wrong", 255)] {
        let ran = try await run(
          "ssh",
          [
            "-F", "none", "-p", String(server.port), "-l", server.user,
            "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1",
            "-o", "UserKnownHostsFile=\(server.knownHostsFile)", "127.0.0.1", "true",
          ],
          environment: [
            "SSH_ASKPASS": try await askpass(password, in: server.directory),
            "SSH_ASKPASS_REQUIRE": "force",
          ])
        #expect(ran.exit == exit)
      }
    }
  }

  private func askpass(_ password: String, in directory: String) async throws -> String {
    let path = "\(directory)/askpass-\(password)"
    _ = try await run(
      "sh", ["-c", "printf '#!/bin/sh\\necho %s\\n' \(password) >\(path); chmod 755 \(path)"]
    ).succeeded()
    return path
  }
}
