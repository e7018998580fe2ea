import SSH
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct LossTests {
  @Test func `a cut connection ends every wait`() async throws {
    try await throughProxy { proxy, connection in
      let channel = try await connection.open("exec sleep 60")
      async let read = failure { _ = try await channel.read() }
      async let exit = failure { _ = try await channel.exit() }
      proxy.cut(.reset)
      let errors = try await [read, exit]
      #expect(errors.allSatisfy { $0.kind == .connectionLost })
      #expect(!connection.isOpen)
    }
  }

  @Test func `a server that hangs up in order is a lost connection too`() async throws {
    try await throughProxy { proxy, connection in
      let channel = try await connection.open("exec sleep 60")
      async let exit = failure { _ = try await channel.exit() }
      proxy.cut(.finish)
      let error = try await exit
      #expect(error.kind == .connectionLost)
    }
  }

  @Test func `a silent network is noticed by the keep-alive deadline`() async throws {
    try await throughProxy { proxy, connection in
      let channel = try await connection.open("exec sleep 60")
      proxy.silence()
      let begin = ContinuousClock.now
      let error = try await failure { _ = try await channel.read() }
      #expect(error.kind == .connectionLost)
      #expect(error.reason.contains("no sign of life"))
      #expect(begin.duration(to: .now) < .seconds(10))
    }
  }

  @Test func `a silent network ends a write as well`() async throws {
    try await throughProxy { proxy, connection in
      let channel = try await connection.open("cat >/dev/null")
      proxy.silence()
      let error = try await failure {
        for _ in 0..<1000 { try await channel.write(noise(1_000_000)) }
      }
      #expect(error.kind == .connectionLost)
    }
  }

  @Test func `a quiet command on a living connection is left alone`() async throws {
    try await withServer { server in
      try await server.connected({ $0.keepAliveInterval = .milliseconds(100) }) { connection in
        let outcome = try await connection.run("sleep 4; echo done")
        #expect(outcome.text == "done\n")
      }
    }
  }

  @Test func `what arrived before the cut can still be read`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("echo last words; exec sleep 60")
        #expect(try await channel.read() == .standard(Array("last words\n".utf8)))
        let more = try await connection.open("echo unread; exit 3")
        #expect(try await more.exit() == .status(3))
        try await server.killConnections()
        _ = try await failure { _ = try await channel.read() }
        #expect(try await more.read() == .standard(Array("unread\n".utf8)))
        #expect(try await more.exit() == .status(3))
      }
    }
  }

  @Test func `a port without a server is unreachable`() async throws {
    try await withServer { server in
      let options = server.options(try await server.clientKey())
      try await server.stop()
      let error = try await server.refusal(options)
      #expect(error.kind == .unreachable)
      #expect(error.reason == "connection refused")
    }
  }

  @Test func `a server that says nothing runs out of time`() async throws {
    try await withServer { server in
      try await FaultProxy.with(to: server.port) { proxy in
        proxy.silence()
        var options = server.options(try await server.clientKey())
        options.connectTimeout = .milliseconds(300)
        let error = try await server.refusal(options, target: server.target(port: proxy.port))
        #expect(error.kind == .connectTimedOut)
      }
    }
  }

  @Test func `a host name that does not exist is unreachable`() async throws {
    try await withServer { server in
      let error = try await server.refusal(
        server.options(), target: server.target(host: "no-such-host.invalid"))
      #expect(error.kind == .unreachable)
      #expect(error.description.contains("no-such-host.invalid"))
    }
  }

  @Test func `a closed connection refuses further work`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        await connection.close()
        let error = try await failure { _ = try await connection.open("true") }
        #expect(error.kind == .closed)
      }
    }
  }

  private func throughProxy(
    _ body: (FaultProxy, SSHConnection) async throws -> Void
  ) async throws {
    try await withServer { server in
      try await FaultProxy.with(to: server.port) { proxy in
        try await server.connected(
          port: proxy.port,
          {
            $0.keepAliveInterval = .milliseconds(200)
            $0.keepAliveDeadline = .seconds(1)
          }
        ) { try await body(proxy, $0) }
      }
    }
  }
}
