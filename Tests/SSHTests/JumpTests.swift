import SSH
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct JumpTests {
  @Test func `a connection goes through two jump hosts`() async throws {
    try await withServer { first in
      try await withServer { second in
        try await withServer { last in
          let options = try await options(first, second, last)
          var target = last.target()
          target.jumps = [first.target(), second.target()]
          let connection = try await SSHConnection.connect(to: target, options: options)
          let bytes = noise(3_000_000)
          let outcome = try await connection.run("cat; exit 4", input: bytes)
          #expect(same(outcome.output, bytes))
          #expect(outcome.exit == .status(4))
          await connection.close()
          #expect(try first.log.contains("Accepted publickey"))
          #expect(try second.log.contains("Accepted publickey"))
        }
      }
    }
  }

  @Test func `the host key behind a jump host is checked too`() async throws {
    try await withServer { jump in
      try await withServer { last in
        var options = try await options(jump, last)
        options.knownHostsFiles = [jump.knownHostsFile]
        var target = last.target()
        target.jumps = [jump.target()]
        let error = try await last.refusal(options, target: target)
        #expect(error.kind == .hostKeyUnknown)
        #expect(error.operation == "could not connect to \(last.target())")
      }
    }
  }

  @Test func `a jump host that can't reach the target says so`() async throws {
    try await withServer { jump in
      try await withServer { last in
        let options = try await options(jump, last)
        try await last.stop()
        var target = last.target()
        target.jumps = [jump.target()]
        let error = try await last.refusal(options, target: target)
        #expect(error.kind == .channelRefused)
        #expect(error.operation == "could not connect to \(last.target()) through \(jump.target())")
      }
    }
  }

  @Test func `a lost jump host is a lost connection`() async throws {
    try await withServer { jump in
      try await withServer { last in
        let options = try await options(jump, last)
        var target = last.target()
        target.jumps = [jump.target()]
        let connection = try await SSHConnection.connect(to: target, options: options)
        let channel = try await connection.open("exec sleep 60")
        async let exit = failure { _ = try await channel.exit() }
        try await jump.killConnections()
        let error = try await exit
        #expect(error.kind == .connectionLost)
        #expect(!connection.isOpen)
      }
    }
  }

  /// Options whose first key may log in to all servers, which are all known.
  private func options(_ servers: SSHServer...) async throws -> SSHOptions {
    var options = SSHOptions()
    for server in servers {
      options.identities.append(try await server.clientKey().privateKeyFile)
      options.knownHostsFiles.append(server.knownHostsFile)
    }
    return options
  }
}

@Suite(.timeLimit(.minutes(5))) struct AddressTests {
  @Test func `an IPv6 address is connected to`() async throws {
    try await withServer { server in
      let port = server.port
      let lines = ["Port \(port)", "ListenAddress [::1]:\(port)"]
      try await withServer(SSHServer.Configuration(lines: lines)) { second in
        let options = second.options(try await second.clientKey())
        let target = second.target(port: port, host: "::1")
        let connection = try await SSHConnection.connect(to: target, options: options)
        #expect(try await connection.run("echo $SSH_CONNECTION").text.hasPrefix("::1 "))
        #expect("\(connection.target)" == "\(second.user)@[::1]:\(port)")
        await connection.close()
      }
    }
  }

  @Test func `an address that does not answer gives way to the next`() async throws {
    // "localhost" has ::1 first where it has both, and the server listens at 127.0.0.1 only.
    try await withServer { server in
      let options = server.options(try await server.clientKey())
      let target = server.target(host: "localhost")
      let connection = try await SSHConnection.connect(to: target, options: options)
      await connection.close()
    }
  }
}
