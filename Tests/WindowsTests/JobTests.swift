import Guests
import Pipeline
import TestSupport
import Testing

@Suite(.requiresWinRMServer, .timeLimit(.minutes(2))) struct JobTests {
  @Test func `a script runs once, with its output apart and its exit code`() async throws {
    let rule = WinRMServer.Rule("install", .out("é out\n"), .error("err\n"), exit: -2_147_024_891)
    try await WindowsRig.with(rule) { rig in
      let end = try await rig.run(job("install\n"))
      #expect(end == .exited(-2_147_024_891))
      #expect(rig.news.out == "é out\n")
      #expect(rig.news.errors == "err\n")
      #expect(try rig.count("install") == 1)
      #expect(try rig.server.jobs().jobs == 0)
      #expect(try rig.server.shells() == 0)
    }
  }

  @Test func `a step takes at most 6 requests beside its waiting`() async throws {
    try await WindowsRig.with { rig in
      try await rig.visit { guest in
        try rig.server.forget()
        #expect(
          try await guest.run(job("a\n"), ahead: .none, report: rig.news.report) == .exited(0))
        let counts = try rig.server.counts()
        #expect(counts.values.reduce(0, +) <= 6, "\(counts)")
      }
    }
  }

  @Test func `a dropped Receive is one execution, and its output comes once`() async throws {
    let rule = WinRMServer.Rule("work", .out("one\n"), .pause(1), .out("two\n"), exit: 7)
    try await WindowsRig.with(rule) { rig in
      try await rig.visit { guest in
        try rig.server.fail(at: "Receive", .drop, .after, afterGood: 1)
        #expect(
          try await guest.run(job("work\n"), ahead: .none, report: rig.news.report) == .exited(7))
      }
      #expect(rig.news.out == "one\ntwo\n")
      #expect(try rig.count("work") == 1)
      #expect(rig.news.value.lost == 1)
    }
  }

  @Test(arguments: ["Command", "Send", "Receive", "Signal"])
  func `a request that is cut is no second execution`(action: String) async throws {
    let rule = WinRMServer.Rule("work", .pause(0.3), .out("done\n"), exit: 3)
    for moment in [WinRMServer.Moment.before, .after] {
      try await WindowsRig.with(rule) { rig in
        try await rig.visit { guest in
          try rig.server.fail(at: action, .drop, moment)
          #expect(
            try await guest.run(job("work\n"), ahead: .none, report: rig.news.report) == .exited(3))
        }
        #expect(rig.news.out == "done\n")
        #expect(try rig.count("work") == 1)
      }
    }
  }

  @Test func `a connection that is cut again and again costs no line`() async throws {
    let says = (1...30).flatMap { [WinRMServer.Rule.Saying.out("line \($0)\n"), .pause(0.1)] }
    var rule = WinRMServer.Rule("work")
    rule.says = says
    try await WindowsRig.with(rule) { rig in
      try await rig.visit { guest in
        async let end = guest.run(job("work\n"), ahead: .none, report: rig.news.report)
        for line in [3, 9, 15, 21] {
          try await waitUntil("line \(line)", limit: .seconds(30)) {
            rig.news.out.contains("line \(line)\n")
          }
          rig.proxy.cut()
        }
        #expect(try await end == .exited(0))
      }
      #expect(rig.news.out == (1...30).map { "line \($0)\n" }.joined())
      #expect(try rig.count("work") == 1)
      #expect(try rig.server.shells() == 0)
    }
  }

  @Test func `a server that stops answering without closing is found out and left behind`()
    async throws
  {
    let rule = WinRMServer.Rule("work", .out("one\n"), .pause(4), .out("two\n"))
    try await WindowsRig.with(rule, operation: 2) { rig in
      try await rig.visit { guest in
        async let end = guest.run(job("work\n"), ahead: .none, report: rig.news.report)
        try await waitUntil("the first line", limit: .seconds(20)) { rig.news.out == "one\n" }
        rig.proxy.silence()
        try await waitUntil("the loss to be seen", limit: .seconds(20)) {
          rig.news.value.lost == 1
        }
        rig.proxy.resume()
        #expect(try await end == .exited(0))
      }
      #expect(rig.news.out == "one\ntwo\n")
      #expect(try rig.count("work") == 1)
    }
  }

  @Test func `a guest that stays away past the timeout is lost, and nothing runs again`()
    async throws
  {
    let rule = WinRMServer.Rule("work", .out("one\n"), .pause(60))
    try await WindowsRig.with(rule, timeout: .seconds(2)) { rig in
      let guest = try await PowerShellGuest.reach(rig.route, report: rig.news.report)
      let error = try await failure(GuestError.self) {
        async let end = guest.run(job("work\n"), ahead: .none, report: rig.news.report)
        try await waitUntil("the first line", limit: .seconds(20)) { rig.news.out == "one\n" }
        rig.proxy.refuse()
        rig.proxy.cut()
        return try await end
      }
      #expect(error?.kind == .lost)
      #expect(try rig.count("work") == 1)
    }
  }

  @Test func `a restart in the middle of a script is seen by the boot identity`() async throws {
    let rule = WinRMServer.Rule("work", .out("one\n"), .pause(60))
    try await WindowsRig.with(rule) { rig in
      try await rig.visit { guest in
        async let end = guest.run(job("work\n"), ahead: .none, report: rig.news.report)
        try await waitUntil("the first line", limit: .seconds(20)) { rig.news.out == "one\n" }
        try rig.server.restart()
        let seen = try await end
        guard case .restarted(.abrupt, _) = seen else {
          Issue.record("\(seen)")
          return
        }
      }
      #expect(try rig.count("work") == 1)
    }
  }

  @Test func `a cancelled job is ended on the guest`() async throws {
    let rule = WinRMServer.Rule("work", .out("one\n"), .pause(60))
    try await WindowsRig.with(rule) { rig in
      try await rig.visit { guest in
        await #expect(throws: CancellationError.self) {
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
              _ = try await guest.run(job("work\n"), ahead: .none, report: rig.news.report)
            }
            try await rig.waitForStart("work")
            group.cancelAll()
            try await group.waitForAll()
          }
        }
        let jobs = try rig.server.jobs()
        #expect(jobs.running == 0)
      }
    }
  }

  @Test(arguments: [JobUser.elevated, .root])
  func `a script runs elevated, and as the system`(user: JobUser) async throws {
    try await WindowsRig.with(WinRMServer.Rule("work", .out("up\n"), exit: 3010)) { rig in
      let end = try await rig.run(job("work\n", as: user))
      #expect(end == .exited(3010))
      #expect(rig.news.out == "up\n")
    }
  }

  @Test(arguments: [
    (2, 267_011, "the task scheduler keeps its task queued"),
    (3, 267_011, "the task scheduler did not run its task"),
    (3, 2_147_943_785, "its task ended with 2147943785 before the script began"),
    (4, 267_009, "its task runs, and the script does not begin"),
    (1, 267_011, "its task is disabled"),
  ])
  func `a task that never starts is found out in seconds, and told`(
    state: Int, result: Int, reason: String
  ) async throws {
    try await WindowsRig.with(.task("work", state: state, result: result)) { rig in
      let start = ContinuousClock.now
      let error = try await failure(GuestError.self) {
        try await rig.run(job("work\n", as: .elevated))
      }
      #expect(error?.kind == .notStarted)
      #expect(error?.description == "could not start the script on test guest: \(reason)")
      #expect(error?.hint != nil)
      #expect(ContinuousClock.now - start < .seconds(15))
      #expect(try rig.count("work") == 0)
    }
  }

  @Test func `a script of some hundred kilobytes arrives whole`() async throws {
    try await WindowsRig.with { rig in
      let script = String(repeating: "# é a line of a long script\r\n", count: 20_000)
      let end = try await rig.run(job(script))
      #expect(end == .exited(0))
      #expect(try rig.server.jobs().ran == [script])
    }
  }
}
