import Guests
import Pipeline
import TestSupport
import Testing

/// What a restart of the machine makes of a step.
@Suite(.requiresNamespaces) struct RestartTests {
  @Test(arguments: [RestartingHost.Ending.powerCut, .orderly])
  func `a step that the machine's restart ended is told as that`(ending: RestartingHost.Ending)
    async throws
  {
    try await GuestRig.withMachine { rig, host in
      let end = try await rig.run(job("a", "echo out\n\(rig.hold)")) { _ in
        // A power cut takes what was not written yet.
        try await waitUntil("the output") { rig.news.stdout == "out\n" }
        try await host.reboot(ending)
      }
      guard case .restarted(let shutdown, let away) = end else {
        Issue.record("\(end)")
        return
      }
      #expect(shutdown == (ending == .orderly ? .orderly : .abrupt))
      #expect(away > .zero)
      #expect(rig.count("began") == 1)
      #expect(rig.news.stdout == "out\n")
    }
  }

  @Test func `a step that restarts the machine and waits for that is done`() async throws {
    try await GuestRig.withMachine { rig, _ in
      let script = "echo x >> \(rig.scratch)/ran\nsudo reboot\nsleep 100\n"
      let ends = try await rig.visit { guest in
        let first = try await guest.run(
          job("a", script, restarts: .restart), ahead: .none, report: rig.news.report)
        // A machine that goes down may end the job before the connection: then it is waited for.
        if first == .killed {
          let away = try await guest.awaitRestart(
            goingDownWithin: .seconds(20), report: rig.news.report)
          #expect(away != nil)
        }
        let then = try job("b", "exit 3\n")
        return [first, try await guest.run(then, ahead: .none, report: rig.news.report)]
      }
      switch ends[0] {
      case .restarted(.orderly, _), .killed: break
      default: Issue.record("\(ends)")
      }
      #expect(ends[1] == .exited(3))
      #expect(rig.count("ran") == 1)
    }
  }

  @Test func `a step that asks for a restart and ends is followed by the machine's return`()
    async throws
  {
    try await GuestRig.withMachine { rig, host in
      let script = "echo x >> \(rig.scratch)/ran\n(trap '' TERM; sleep 0.3; sudo reboot) &\n"
      let last = try await rig.visit { guest in
        let first = try await guest.run(
          job("a", script, restarts: .restart), ahead: .none, report: rig.news.report)
        #expect(first == .exitedBeforeRestart(0))
        let away = try await guest.awaitRestart(
          goingDownWithin: .seconds(20), report: rig.news.report)
        #expect(away.map { $0 > .zero } == true)
        return try await guest.run(job("b", "exit 3\n"), ahead: .none, report: rig.news.report)
      }
      #expect(last == .exited(3))
      let boots = await host.boots
      #expect(boots == 2)
      #expect(rig.count("ran") == 1)
    }
  }

  @Test func `a machine that stays up is told as that, also when its connection drops`()
    async throws
  {
    try await GuestRig.withMachine { rig, _ in
      let last = try await rig.visit { guest in
        for drops in [false, true] {
          async let away = guest.awaitRestart(
            goingDownWithin: .milliseconds(500), report: rig.news.report)
          if drops { rig.proxy.cut() }
          #expect(try await away == nil)
        }
        return try await guest.run(job("a", "exit 3\n"), ahead: .none, report: rig.news.report)
      }
      #expect(last == .exited(3))
      #expect(rig.news.value.lost == 1)
    }
  }

  @Test func `a machine that went down may take longer to come back than it had to go down`()
    async throws
  {
    try await GuestRig.withMachine { rig, host in
      let limit = Duration.seconds(1)
      try await rig.visit { guest in
        try await host.powerOff()
        async let away = guest.awaitRestart(goingDownWithin: limit, report: rig.news.report)
        try await waitUntil("the loss") { rig.news.value.lost == 1 }
        let gone = ContinuousClock.now
        try await waitUntil("the limit to pass") { ContinuousClock.now - gone > limit }
        try await host.powerOn()
        #expect(try await away.map { $0 > limit } == true)
      }
    }
  }

  @Test func `a machine that does not come back within the SSH timeout is lost`() async throws {
    try await GuestRig.withMachine { rig, host in
      let guest = try await rig.reach()
      try await host.powerOff()
      let kind = try await failure {
        try await guest.awaitRestart(goingDownWithin: .seconds(60), report: rig.news.report)
      }
      #expect(kind == .lost)
      try await host.powerOn()
      try await guest.leave()
    } setup: {
      $0.timeout = .seconds(2)
    }
  }

  @Test func `two restarts in one absence are one`() async throws {
    try await GuestRig.withMachine { rig, host in
      let end = try await rig.run(job("a", rig.hold)) { _ in
        rig.proxy.refuse()
        try await host.reboot()
        try await host.reboot()
        try rig.proxy.accept()
      }
      guard case .restarted(.abrupt, _) = end else {
        Issue.record("\(end)")
        return
      }
      #expect(rig.count("began") == 1)
    }
  }

  @Test func `a step that ended before the restart keeps its exit code`() async throws {
    try await GuestRig.withMachine { rig, host in
      let end = try await rig.run(job("a", "\(rig.hold)exit 6\n")) { guest in
        rig.proxy.silence()
        rig.release()
        try await waitUntil("the job's end") {
          rig.exitCode(of: "a", on: guest) == 6
        }
        try await host.reboot()
        rig.proxy.cut()
        rig.proxy.resume()
      }
      #expect(end == .exited(6))
    }
  }

  @Test func `a step whose job a restart took with it is lost`() async throws {
    try await GuestRig.withMachine { rig, host in
      try await rig.command("sudo mount -t tmpfs tmpfs /var/tmp")
      let kind = try await failure {
        try await rig.run(job("a", rig.hold)) { _ in try await host.reboot() }
      }
      #expect(kind == .lost)
      #expect(rig.count("began") == 1)
    }
  }
}
