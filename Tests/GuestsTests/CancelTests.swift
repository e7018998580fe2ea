import FoundationEssentials
import Guests
import Pipeline
import TestSupport
import Testing

/// What is left of a step that was cancelled: nothing.
@Suite struct CancelTests {
  @Test func `a cancelled step's processes are gone, and so is its directory`() async throws {
    try await GuestRig.with { rig in
      try await cancel(job("a", "sleep 4711.2 & \(rig.hold)"), rig)
      let left = try await processes("sleep 4711.2")
      #expect(left == 0)
      #expect(rig.news.value.warnings.isEmpty)
    }
  }

  @Test func `a script that ignores SIGTERM is killed`() async throws {
    try await GuestRig.with { rig in
      try await cancel(job("a", "trap '' TERM\nsleep 4711.3 & \(rig.hold)"), rig)
      let left = try await processes("sleep 4711.3")
      #expect(left == 0)
      #expect(rig.news.value.warnings.isEmpty)
    }
  }

  @Test(.requiresRoot) func `root's processes of a step are ended, too`() async throws {
    try await GuestRig.with(TestUser.Options(sudo: .withoutPassword)) { rig, _ in
      let script = "trap '' TERM\nsleep 4711.4 & \(rig.hold)"
      try await cancel(job("a", script, user: .root), rig)
      let left = try await processes("sleep 4711.4")
      #expect(left == 0)
      #expect(rig.news.value.warnings.isEmpty)
    }
  }

  @Test func `a script that writes without end is ended`() async throws {
    try await GuestRig.with { rig in
      try await cancel(job("a", "echo x >> \(rig.scratch)/began\nexec yes 4711.5\n"), rig)
      let left = try await processes("yes 4711.5")
      #expect(left == 0)
      #expect(rig.news.value.warnings.isEmpty)
    }
  }

  @Test func `a step is ended as soon as its guest is there again`() async throws {
    try await GuestRig.with { rig in
      try await cancel(job("a", "sleep 4711.6 & \(rig.hold)"), rig) {
        rig.proxy.refuse()
        rig.proxy.cut()
        try await waitUntil("the loss") { rig.news.value.lost == 1 }
      } after: {
        try rig.proxy.accept()
      }
      let left = try await processes("sleep 4711.6")
      #expect(left == 0)
    }
  }

  @Test func `a step is ended although its connection is silent`() async throws {
    try await GuestRig.with { rig in
      try await FaultProxy.with(to: rig.server.port) { second in
        let detour = try await GuestRig.route(rig.server, second.port, GuestRig.Setup())
        let first = Once()
        var route = rig.route
        let dial = route.dial
        route.dial = { try await first.take() ? dial() : detour.dial() }
        let guest = try await SSHGuest.reach(route, report: rig.news.report)
        let job = try job("a", "sleep 4711.7 & \(rig.hold)")
        try await withThrowingTaskGroup(of: JobEnd.self) { group in
          group.addTask { try await guest.run(job, ahead: .none, report: rig.news.report) }
          try await rig.waitFor("began")
          rig.proxy.silence()
          group.cancelAll()
          await #expect(throws: CancellationError.self) { _ = try await group.next() }
        }
        let left = try await processes("sleep 4711.7")
        #expect(left == 0)
        try await guest.leave()
      }
    }
  }

  @Test func `a step that was cancelled before its start can never start`() async throws {
    try await GuestRig.with { rig in
      try await rig.visit { guest in
        let job = try job("a", "echo x >> \(rig.scratch)/ran\n")
        await withThrowingTaskGroup(of: JobEnd.self) { group in
          group.cancelAll()
          group.addTask { try await guest.run(job, ahead: .none, report: rig.news.report) }
          await #expect(throws: CancellationError.self) { _ = try await group.next() }
        }
        let later = try await guest.run(job, ahead: .none, report: rig.news.report)
        #expect(later == .killed)
      }
      #expect(rig.count("ran") == 0)
    }
  }

  /// Cancels `job` once its script has begun, with `before` and `after` around that.
  private func cancel(
    _ job: GuestJob, _ rig: GuestRig,
    before: @Sendable () async throws -> Void = {}, after: @Sendable () async throws -> Void = {}
  ) async throws {
    try await rig.visit { guest in
      try await withThrowingTaskGroup(of: JobEnd.self) { group in
        group.addTask { try await guest.run(job, ahead: .none, report: rig.news.report) }
        try await rig.waitFor("began")
        try await before()
        group.cancelAll()
        try await after()
        await #expect(throws: CancellationError.self) { _ = try await group.next() }
      }
    }
  }
}
