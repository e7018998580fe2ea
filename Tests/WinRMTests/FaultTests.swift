import TestSupport
import Testing
import WinRM

/// Networks and machines that fail in the middle: nothing runs twice, and nothing passes for done.
@Suite(.requiresWinRMServer) struct FaultTests {
  private let line = CommandLine("echo one")

  @Test(arguments: [WinRMCredentials.Scheme.basic, .negotiate(.ntlm)])
  func `a lost answer to a start runs nothing twice`(scheme: WinRMCredentials.Scheme) async throws {
    try await WinRMServer.with { server in
      let shell = try await WinRMShell.make(on: server.client(scheme))
      try server.fail(at: "Command", .drop, .after)
      let error = try await failure { try await shell.start(line) }
      #expect(error.kind == .connectionLost)
      #expect(error.mayHaveHappened)
      #expect(try server.started() == ["echo one"])
    }
  }

  @Test(arguments: [WinRMCredentials.Scheme.basic, .negotiate(.ntlm)])
  func `a lost answer with output is no success`(scheme: WinRMCredentials.Scheme) async throws {
    try await WinRMServer.with { server in
      let shell = try await WinRMShell.make(on: server.client(scheme))
      try server.fail(at: "Receive", .drop, .after)
      let error = try await failure { try await shell.run(line) }
      #expect(error.kind == .connectionLost)
      #expect(try server.started().count == 1)
      #expect(try server.counts()["Receive"] == 1)
    }
  }

  @Test func `a machine that falls silent is given up`() async throws {
    try await WinRMServer.with { server in
      let client = server.client {
        $0.operationTimeout = .seconds(1)
        $0.answerMargin = .seconds(1)
      }
      let shell = try await WinRMShell.make(on: client)
      try server.fail(at: "Receive", .silence)
      let clock = ContinuousClock()
      let start = clock.now
      let error = try await failure { try await shell.run(line) }
      #expect(error.kind == .connectionLost)
      #expect(error.reason == "no data for 2.0 seconds")
      // Long before the end of the whole exchange, at 32 seconds.
      #expect(clock.now - start < .seconds(25))
    }
  }

  @Test func `a silent command is asked again until it speaks`() async throws {
    var configuration = WinRMServer.Configuration()
    configuration.timeout = 0.2
    configuration.rules = [.init("^slow$", .pause(1), .out("late"), .pause(0.5), exit: -1)]
    try await WinRMServer.with(configuration) { server in
      let outcome = try await server.client().run(CommandLine("slow"))
      #expect(outcome == Outcome(out: "late", end: .exited(.max)))
      let timeouts = try server.log().filter { $0.action == "Receive" && $0.status == 500 }
      #expect(timeouts.count >= 4)
    }
  }

  @Test func `a login that is lost in between is made again`() async throws {
    try await WinRMServer.with { server in
      let shell = try await WinRMShell.make(on: server.client())
      try server.dropConnections()
      #expect(try await shell.run(line).end == .exited(0))
      try server.fail(at: "Receive", .logout)
      #expect(try await shell.run(line).out == "one\r\n")
      #expect(try server.started().count == 2)
    }
  }

  @Test func `a sealed login that is lost is made again`() async throws {
    try await WinRMServer.with { server in
      let shell = try await WinRMShell.make(on: server.plainClient())
      try server.dropConnections()
      #expect(try await shell.run(line).out == "one\r\n")
      #expect(try server.started().count == 1)
    }
  }

  @Test func `a service that is not up is told from one that failed`() async throws {
    try await WinRMServer.with { server in
      let client = server.client()
      try server.fail(at: "Create", .unavailable)
      let down = try await failure { try await WinRMShell.make(on: client) }
      #expect(down.kind == .unavailable)
      #expect(!down.mayHaveHappened)
      try server.fail(at: "Create", .error500)
      let failed = try await failure { try await WinRMShell.make(on: client) }
      #expect(failed.kind == .badAnswer)
      #expect(failed.mayHaveHappened)
    }
  }

  @Test func `an answer that no Windows gives is refused`() async throws {
    try await WinRMServer.with { server in
      try server.fail(at: "Create", .nonsense)
      let error = try await failure { try await WinRMShell.make(on: server.client()) }
      #expect(error.kind == .badAnswer)
      #expect(error.reason.contains("a document type is not allowed"))
    }
  }

  @Test func `a shell is gone after a restart, and its commands with it`() async throws {
    var configuration = WinRMServer.Configuration()
    configuration.rules = [.init("^long$", .out("begun"), .pause(60))]
    try await WinRMServer.with(configuration) { server in
      let client = server.client()
      let shell = try await WinRMShell.make(on: client)
      let command = try await shell.start(CommandLine("long"))
      try server.restart()
      let error = try await failure { try await shell.start(line) }
      #expect(error.fault?.code == WSManFault.unknownCode)
      // No exit code: whatever it was, it is no success.
      #expect(try await command.follow { _, _ in } == .unknown)
      try await shell.remove()
      #expect(try await client.run(line).out == "one\r\n")
    }
  }

  @Test func `each state of a machine that restarts is told apart`() async throws {
    try await WinRMServer.with { server in
      try await FaultProxy.with(to: server.httpsPort) { proxy in
        let client = server.client(port: proxy.port) { $0.connectTimeout = .seconds(1) }
        let probe = { try await failure { try await client.answer(to: .configuration) }.kind }
        try await client.settle()
        proxy.cut()
        proxy.refuse()
        #expect(try await probe() == .unreachable)
        try proxy.accept()
        // The port takes connections, and TLS does not come about.
        proxy.silence()
        #expect(try await probe() == .unreachable)
        proxy.cut()
        proxy.resume()
        try server.fail(at: "Get", .unavailable)
        #expect(try await probe() == .unavailable)
        try await client.settle()
        proxy.cut()
        proxy.refuse()
        #expect(try await probe() == .unreachable)
        try proxy.accept()
        try await client.settle()
      }
    }
  }

  @Test func `a command is ended when its follower is cancelled`() async throws {
    var configuration = WinRMServer.Configuration()
    configuration.rules = [.init("^long$", .out("begun"), .pause(60))]
    try await WinRMServer.with(configuration) { server in
      let shell = try await WinRMShell.make(on: server.client())
      let command = try await shell.start(CommandLine("long"))
      await #expect(throws: CancellationError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { _ = try await command.follow { _, _ in } }
          try await waitUntil("the output to be asked for") {
            try server.counts()["Receive"] == 1
          }
          group.cancelAll()
          try await group.waitForAll()
        }
      }
      // Another connection carries the signal: the one that was waited on is given up.
      try await command.signal(.terminate)
      #expect(try server.counts()["Signal"] == 1)
    }
  }
}
