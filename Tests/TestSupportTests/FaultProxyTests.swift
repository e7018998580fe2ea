import TestSupport
import Testing

/// Over real SSH connections: `cat` at the far end returns what the client sends.
@Suite(.requires("/usr/sbin/sshd"), .timeLimit(.minutes(2)))
struct FaultProxyTests {
  @Test func `what passes arrives whole, in order, and is counted`() async throws {
    try await withProxy { proxy, ssh in
      let text = (0..<200_000).map { "\($0)\n" }.joined()
      let ran = try await run("ssh", ssh.arguments + ["cat"], input: text)
      #expect(ran.stdout == text)
      #expect(proxy.counters.connections == 1)
      #expect(proxy.counters.bytesToServer > text.utf8.count)
      #expect(proxy.counters.bytesToClient > text.utf8.count)
      #expect(proxy.counters.turns > 3)
    }
  }

  @Test(arguments: FaultProxy.Direction.allCases, [FaultProxy.Cut.reset, .finish])
  func `a connection is cut after exactly so many bytes, and the next is not`(
    _ direction: FaultProxy.Direction, _ cut: FaultProxy.Cut
  ) async throws {
    try await withProxy { proxy, ssh in
      proxy.cut(after: 1500, direction, cut)
      let ended = try await ssh.run("true")
      #expect(ended.exit == 255)
      let counters = proxy.counters
      #expect(
        (direction == .toServer ? counters.bytesToServer : counters.bytesToClient) == 1500)
      let next = try await ssh.run("true")
      #expect(next.exit == 0)
    }
  }

  @Test func `a cut ends a connection that stands`() async throws {
    try await withProxy { proxy, ssh in
      async let ended = ssh.run("echo up; sleep 60")
      try await waitUntil("the session") { try ssh.server.log.contains("Starting session") }
      proxy.cut()
      #expect(try await ended.exit == 255)
    }
  }

  @Test func `silence holds everything back and closes nothing`() async throws {
    try await withProxy { proxy, ssh in
      proxy.silence()
      async let late = ssh.run("echo late")
      try await waitUntil("the client to connect") { proxy.counters.connections == 1 }
      let silent = proxy.counters
      #expect(silent.bytesToServer == 0 && silent.bytesToClient == 0)
      proxy.resume()
      #expect(try await late.stdout == "late\n")
    }
  }

  @Test func `a closed port refuses and opens again`() async throws {
    try await withProxy { proxy, ssh in
      proxy.refuse()
      let refused = try await ssh.run("true")
      #expect(refused.stderr.contains("Connection refused"))
      #expect(refused.exit == 255)
      try proxy.accept()
      #expect(try await ssh.run("true").exit == 0)
    }
  }

  @Test func `every turn of the conversation takes twice the delay, whatever its size`()
    async throws
  {
    try await withProxy { proxy, ssh in
      proxy.delay = .milliseconds(20)
      let text = String(repeating: "0123456789abcde\n", count: 40_000)
      let elapsed = try await ContinuousClock().measure {
        let ran = try await run("ssh", ssh.arguments + ["cat"], input: text)
        #expect(ran.stdout == text)
      }
      // Banner, key exchange, service, key offered, key signed, channel, command: each waits for
      // the one before it.
      #expect(elapsed > .milliseconds(7 * 40))
      #expect(proxy.counters.turns >= 7)
      proxy.resetCounters()
      #expect(proxy.counters.turns == 0)
      #expect(proxy.counters.bytesToServer == 0)
    }
  }

  private func withProxy(
    _ body: (FaultProxy, SSHClient) async throws -> Void
  ) async throws {
    try await SSHServer.with { server in
      try await FaultProxy.with(to: server.port) { proxy in
        try await body(proxy, SSHClient(server, through: proxy.port))
      }
    }
  }
}
