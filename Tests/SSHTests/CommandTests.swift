import SSH
import TestSupport
import Testing

@Suite struct CommandTests {
  @Test(arguments: [0, 1, 255] as [Int32])
  func `the exit status is the one that the server sends`(status: Int32) async throws {
    try await SSHServer.with { server in
      try await server.connected { connection in
        let outcome = try await connection.run("exit \(status)")
        #expect(outcome.exit == .status(status))
      }
    }
  }

  @Test func `a signal is told by its name`() async throws {
    try await SSHServer.with { server in
      try await server.connected { connection in
        let outcome = try await connection.run("kill -KILL $$")
        #expect(outcome.exit == .signal("KILL"))
      }
    }
  }

  @Test func `both output streams arrive apart`() async throws {
    try await SSHServer.with { server in
      try await server.connected { connection in
        let outcome = try await connection.run("cat; echo wrong >&2", input: Array("in".utf8))
        #expect(outcome.text == "in")
        #expect(outcome.errorText == "wrong\n")
      }
    }
  }

  @Test func `the exit status can be had without reading the output`() async throws {
    try await SSHServer.with { server in
      try await server.connected { connection in
        let channel = try await connection.open("echo unread; exit 7")
        #expect(try await channel.exit() == .status(7))
        #expect(try await channel.read() == .standard(Array("unread\n".utf8)))
        #expect(try await channel.read() == nil)
      }
    }
  }

  @Test func `a killed session is a lost connection and no exit status`() async throws {
    try await SSHServer.with { server in
      try await server.connected { connection in
        let channel = try await connection.open("kill -KILL $PPID; exec sleep 60")
        let error = try await failure { _ = try await channel.exit() }
        #expect(error.kind == .connectionLost)
      }
    }
  }

  @Test func `a write to a command that ended is an error of the channel only`() async throws {
    try await SSHServer.with { server in
      try await server.connected { connection in
        let channel = try await connection.open("exit 0")
        #expect(try await channel.exit() == .status(0))
        await channel.close()
        let error = try await failure { try await channel.write([1]) }
        #expect(error.kind == .channelClosed)
        #expect(try await connection.run("echo on").text == "on\n")
      }
    }
  }

  @Test func `a server that refuses a session says so and stays connected`() async throws {
    let configuration = SSHServer.Configuration(lines: ["MaxSessions 1"])
    try await SSHServer.with(configuration) { server in
      try await server.connected { connection in
        let first = try await connection.open("cat")
        let error = try await failure { _ = try await connection.open("true") }
        #expect(error.kind == .channelRefused)
        try await first.finishInput()
        #expect(try await first.outcome().exit == .status(0))
      }
    }
  }
}
