import FoundationEssentials
import Guests
import Pipeline
import SSH
import Synchronization
import TestSupport
import Testing

/// What becomes of a step when the connection breaks: it runs once, and its end is its own.
@Suite struct FaultTests {
  @Test(arguments: [FaultProxy.Cut.reset, .finish])
  func `a connection that is cut in mid-step is made again`(cut: FaultProxy.Cut) async throws {
    try await GuestRig.with { rig in
      let script = "echo before\n\(rig.hold)echo after\necho err >&2\nexit 7\n"
      let end = try await rig.run(job("a", script)) { _ in
        rig.proxy.cut(cut)
        try await waitUntil("the connection") { rig.news.value.restored == 1 }
        rig.release()
      }
      #expect(end == .exited(7))
      #expect(rig.count("began") == 1)
      #expect(rig.news.stdout == "before\nafter\n")
      #expect(rig.news.stderr == "err\n")
      #expect(rig.news.value.lost == 1)
    }
  }

  @Test func `a script whose upload is cut runs once`() async throws {
    try await GuestRig.with { rig in
      let padding = String(repeating: "# \(String(repeating: "-", count: 97))\n", count: 20_000)
      let script = "echo x >> \(rig.scratch)/ran\n\(padding)exit 5\n"
      let end = try await rig.visit { guest in
        rig.proxy.cut(.finish)
        rig.proxy.cut(after: 700_000, .toServer)
        return try await guest.run(job("a", script), ahead: .none, report: rig.news.report)
      }
      #expect(end == .exited(5))
      #expect(rig.count("ran") == 1)
      #expect(rig.proxy.counters.connections == 3)
    }
  }

  @Test func `an end that was written but not heard of is heard of later`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "\(rig.hold)echo out\nexit 9\n")) { guest in
        rig.proxy.silence()
        rig.release()
        try await waitUntil("the job's end") {
          rig.exitCode(of: "a", on: guest) != nil
        }
        rig.proxy.cut()
        rig.proxy.resume()
      }
      #expect(end == .exited(9))
      #expect(rig.count("began") == 1)
      #expect(rig.news.stdout == "out\n")
    }
  }

  @Test func `a step goes on while sshd is down`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "\(rig.hold)echo out\n")) { _ in
        try await rig.server.stop()
        rig.release()
        try await rig.server.start()
      }
      #expect(end == .exited(0))
      #expect(rig.count("began") == 1)
      #expect(rig.news.stdout == "out\n")
    }
  }

  @Test func `a network that is silent for a minute is found dead and left behind`() async throws {
    try await GuestRig.with { rig in
      let script = "\(rig.hold)echo out\n"
      let end = try await rig.run(job("a", script)) { _ in
        let start = ContinuousClock.now
        rig.proxy.silence()
        try await waitUntil("the loss to be seen", limit: .seconds(30)) {
          rig.news.value.lost == 1
        }
        rig.release()
        try await waitUntil("the minute to pass", limit: .seconds(70)) {
          ContinuousClock.now - start > .seconds(60)
        }
        rig.proxy.resume()
      }
      #expect(end == .exited(0))
      #expect(rig.count("began") == 1)
      #expect(rig.news.stdout == "out\n")
    } setup: {
      $0.timeout = .seconds(120)
    }
  }

  @Test func `a guest that stays away past the time-out is lost`() async throws {
    try await GuestRig.with { rig in
      let guest = try await rig.reach()
      let kind = try await failure {
        async let end = guest.run(job("a", rig.hold), ahead: .none, report: rig.news.report)
        try await rig.waitFor("began")
        rig.proxy.refuse()
        rig.proxy.cut()
        return try await end
      }
      #expect(kind == .lost)
      #expect(rig.count("began") == 1)
      try rig.proxy.accept()
      rig.release()
      let directory = guest.facts.directory
      try await rig.reach().leave()
      #expect(!FileManager.default.fileExists(atPath: directory))
    } setup: {
      $0.timeout = .seconds(2)
    }
  }

  @Test func `a host key that changed is refused at once`() async throws {
    try await GuestRig.with { rig in
      try await SSHServer.with { stranger in
        try await FaultProxy.with(to: stranger.port) { other in
          let known = try rig.server.knownHostsFile(port: other.port)
          let key = try await stranger.clientKey()
          let first = Once()
          var route = rig.route
          let dial = route.dial
          route.dial = {
            if first.take() { return try await dial() }
            var options = SSHOptions()
            options.identities = [key.privateKeyFile]
            options.knownHostsFiles = [known]
            return try await SSHConnection.connect(
              to: ResolvedTarget(user: stranger.user, host: "127.0.0.1", port: UInt16(other.port)),
              options: options)
          }
          let guest = try await SSHGuest.reach(route, report: rig.news.report)
          let kind = try await failure {
            async let end = guest.run(job("a", rig.hold), ahead: .none, report: rig.news.report)
            try await rig.waitFor("began")
            rig.proxy.cut()
            return try await end
          }
          #expect(kind == .lost)
          #expect(other.counters.connections == 1)
          #expect(rig.count("began") == 1)
          rig.release()
        }
      }
      try await rig.reach().leave()
    }
  }

  @Test(.requiresRoot)
  func `a request that arrives on a lost connection starts nothing twice`() async throws {
    try await GuestRig.with(TestUser.Options()) { rig, user in
      try await FaultProxy.with(to: rig.server.port) { second in
        let detour = try await GuestRig.route(rig.server, second.port, GuestRig.Setup())
        let first = Once()
        var route = rig.route
        let dial = route.dial
        route.dial = { try await first.take() ? dial() : detour.dial() }
        let guest = try await SSHGuest.reach(route, report: rig.news.report)
        rig.proxy.silence()
        let script = "echo x >> \(rig.scratch)/ran\n"
        let end = try await guest.run(job("a", script), ahead: .none, report: rig.news.report)
        #expect(end == .exited(0))
        let agents = try await processes("dd bs=", of: user.name)
        #expect(agents == 2)
        rig.proxy.resume()
        try await waitUntil("the old agent to end") {
          try await processes("dd bs=", of: user.name) == 1
        }
        #expect(rig.count("ran") == 1)
        try await guest.leave()
        #expect(!FileManager.default.fileExists(atPath: guest.facts.directory))
      }
    }
  }
}

/// True once.
final class Once: Sendable {
  private let taken = Atomic(false)

  func take() -> Bool { !taken.exchange(true, ordering: .relaxed) }
}
