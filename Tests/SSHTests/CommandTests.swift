@testable import SSH
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct CommandTests {
  @Test(arguments: [0, 1, 255] as [Int32])
  func `the exit status is the one that the server sends`(status: Int32) async throws {
    try await withServer { server in
      try await server.connected { connection in
        let outcome = try await connection.run("exit \(status)")
        #expect(outcome.exit == .status(status))
      }
    }
  }

  @Test func `a signal is told by its name`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let outcome = try await connection.run("kill -KILL $$")
        #expect(outcome.exit == .signal("KILL"))
      }
    }
  }

  @Test func `both output streams arrive apart`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let outcome = try await connection.run("cat; echo wrong >&2", input: Array("in".utf8))
        #expect(outcome.text == "in")
        #expect(outcome.errorText == "wrong\n")
      }
    }
  }

  @Test func `the exit status can be had without reading the output`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("echo unread; exit 7")
        #expect(try await channel.exit() == .status(7))
        #expect(try await channel.read() == .standard(Array("unread\n".utf8)))
        #expect(try await channel.read() == nil)
      }
    }
  }

  @Test func `a killed session is a lost connection and no exit status`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let error = try await failure {
          _ = try await connection.run("kill -KILL $PPID; exec sleep 60")
        }
        #expect(error.kind == .connectionLost)
      }
    }
  }

  @Test func `a write to a command that ended is an error of the channel only`() async throws {
    try await withServer { server in
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
    try await withServer(configuration) { server in
      try await server.connected { connection in
        let first = try await connection.open("cat")
        let error = try await failure { _ = try await connection.open("true") }
        #expect(error.kind == .channelRefused)
        try await first.finishInput()
        #expect(try await first.outcome().exit == .status(0))
      }
    }
  }

  @Test func `a write to a command that stopped reading ends with the command`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("sleep 1; exit 5")
        let bytes = noise(8_000_000)
        let error = try await failure { try await channel.write(bytes) }
        #expect(error.kind == .channelClosed)
        #expect(error.reason == "the command has ended")
        #expect(try await channel.exit() == .status(5))
      }
    }
  }

  @Test func `ended input can't be written to`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("cat")
        try await channel.finishInput()
        let error = try await failure { try await channel.write([1]) }
        #expect(error.reason == "its input was ended before")
        #expect(try await channel.exit() == .status(0))
      }
    }
  }

  @Test func `a channel that closes without an exit status is not taken for success`() async throws
  {
    try await withServer { server in
      let options = server.options(try await server.clientKey())
      let target = server.target()
      let deadline = ContinuousClock.now + .seconds(20)
      let dialer = Dialer(target: target, deadline: deadline, operation: "could not dial")
      let session = try Session(try await dialer.dial(), to: target, by: deadline)
      try await session.prepare(options)
      let port = UInt16(server.port)
      let id = try await session.openChannel(.tunnel(host: "127.0.0.1", port: port), "could not")
      try await session.write(Array("not SSH\n".utf8), to: id)
      try await session.finishInput(of: id)
      while try await session.read(from: id) != nil {}
      #expect(try await session.exit(of: id) == .missing)
      await session.disconnect()
    }
  }

  @Test func `a closed connection leaves no descriptors behind`() async throws {
    try await withServer { server in
      let options = server.options(try await server.clientKey())
      for _ in 0..<3 {
        let connection = try await SSHConnection.connect(to: server.target(), options: options)
        _ = try await connection.open("exec sleep 60")
      }
      // The last references are gone: the server sees its clients leave.
      try await waitUntil("the connections to end") {
        try await server.connectionProcesses() == 0
      }
    }
  }
}
