import SSH
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct CancellationTests {
  @Test func `a cancelled read ends at once and harms nothing`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("cat")
        try await isCancelledPromptly { _ = try await channel.read() }
        try await channel.write([1, 2, 3])
        #expect(try await channel.read() == .standard([1, 2, 3]))
      }
    }
  }

  @Test func `a cancelled wait for the exit leaves the command running`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("cat >/dev/null; exit 9")
        try await isCancelledPromptly { _ = try await channel.exit() }
        try await channel.finishInput()
        #expect(try await channel.exit() == .status(9))
      }
    }
  }

  @Test func `a cancelled write stops that channel's input and nothing else`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("exec sleep 60")
        let bytes = noise(8_000_000)
        try await isCancelledPromptly { try await channel.write(bytes) }
        let error = try await failure { try await channel.write([1]) }
        #expect(error.kind == .channelClosed)
        #expect(try await connection.run("echo on").text == "on\n")
      }
    }
  }

  @Test func `closing a running command does not wait for it`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("exec sleep 60")
        let begin = ContinuousClock.now
        await channel.close()
        #expect(try await connection.run("echo on").text == "on\n")
        #expect(begin.duration(to: .now) < .seconds(40))
      }
    }
  }

  @Test func `a cancelled open leaves the connection usable`() async throws {
    try await withServer { server in
      try await FaultProxy.with(to: server.port) { proxy in
        try await server.connected(port: proxy.port) { connection in
          proxy.silence()
          try await isCancelledPromptly { _ = try await connection.open("echo lost") }
          proxy.resume()
          #expect(try await connection.run("echo on").text == "on\n")
        }
      }
    }
  }

  @Test func `a cancelled connect ends at once`() async throws {
    try await withServer { server in
      try await FaultProxy.with(to: server.port) { proxy in
        proxy.silence()
        let options = server.options(try await server.clientKey())
        try await isCancelledPromptly {
          _ = try await SSHConnection.connect(
            to: server.target(port: proxy.port), options: options)
        }
      }
    }
  }

  /// Cancels `body` once it waits, and checks that it ends by that.
  ///
  /// It takes milliseconds on a
  /// quiet machine; the limit is for one on which all tests run at once.
  private func isCancelledPromptly(
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    let (ended, time) = await withTaskGroup(of: (any Error)?.self) { group in
      group.addTask {
        do {
          try await body()
          return nil
        } catch {
          return error
        }
      }
      // Long enough for it to wait; where it does not yet, the test is only easier.
      try? await Task.sleep(for: .milliseconds(100))
      let cancelled = ContinuousClock.now
      group.cancelAll()
      return (await group.next() ?? nil, cancelled.duration(to: .now))
    }
    #expect(ended is CancellationError)
    #expect(time < .seconds(5))
  }
}
