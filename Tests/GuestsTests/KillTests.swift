import Guests
import Pipeline
import SSH
import TestSupport
import Testing

/// What a step is told to have been when something on the guest kills a part of it.
@Suite struct KillTests {
  @Test func `a script that is killed has exit code 137`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "kill -KILL $$\n"))
      #expect(end == .exited(137))
    }
  }

  @Test func `a script that ends itself by SIGINT has exit code 130`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "kill -INT $$\necho ignored\n"))
      #expect(end == .exited(130))
    }
  }

  @Test func `a step whose supervisor is killed is killed, with all that it started`() async throws
  {
    try await GuestRig.with { rig in
      let script = "sleep 4711.1 &\necho x >> \(rig.scratch)/ran\nkill -KILL $PPID\nsleep 4711.1\n"
      let end = try await rig.run(job("a", script))
      #expect(end == .killed)
      #expect(rig.count("ran") == 1)
      let left = try await processes("sleep 4711.1")
      #expect(left == 0)
    }
  }

  @Test func `a step whose whole process group is killed is killed`() async throws {
    try await GuestRig.with { rig in
      let script = "echo out\nsleep 0.3\nkill -KILL 0\n"
      let end = try await rig.run(job("a", script))
      #expect(end == .killed)
      #expect(rig.news.stdout == "out\n")
    }
  }

  @Test(.requiresRoot)
  func `a script that kills the agents again and again is followed to its end`() async throws {
    try await GuestRig.with(TestUser.Options()) { rig, user in
      let script = """
        for turn in 1 2 3; do
          echo $turn
          pkill -KILL -u \(user.name) -f 'dd [b]s=' || :
          sleep 0.4
        done
        exit 4
        """
      let end = try await rig.run(job("a", script))
      #expect(end == .exited(4))
      #expect(rig.news.stdout == "1\n2\n3\n")
    }
  }

  @Test(.requiresRoot)
  func `a script that kills what watches it is followed to its end`() async throws {
    try await GuestRig.with(TestUser.Options()) { rig, user in
      let script = """
        sleep 0.5
        pkill -KILL -u \(user.name) tail || :
        echo one
        sleep 0.5
        pkill -KILL -u \(user.name) flock || :
        echo two
        sleep 0.5
        exit 4
        """
      let end = try await rig.run(job("a", script))
      #expect(end == .exited(4))
      #expect(rig.news.stdout == "one\ntwo\n")
    }
  }

  @Test(.requiresNamespaces)
  func `a script that tidies up /var/tmp does not harm its own step`() async throws {
    try await GuestRig.withMachine { rig, _ in
      let script = "rm -rf /var/tmp/* /tmp/no-such-*\necho done\n"
      try await rig.command("sudo mount -t tmpfs tmpfs /var/tmp")
      let end = try await rig.run(job("a", script))
      #expect(end == .exited(0))
      #expect(rig.news.stdout == "done\n")
    }
  }

  @Test func `a script that removes its own job is lost and never success`() async throws {
    try await GuestRig.with { rig in
      let guest = try await rig.reach()
      // Where the job's own programs make a file just then, removing it takes a second try.
      let script = """
        echo x >> \(rig.scratch)/ran
        until rm -rf '\(guest.facts.directory)'; do :; done
        exit 0

        """
      let kind = try await failure {
        try await guest.run(job("a", script), ahead: .none, report: rig.news.report)
      }
      #expect(kind == .lost)
      #expect(rig.count("ran") == 1)
      try await guest.leave()
    }
  }

  @Test func `a step that was not heard of before its job was removed is lost, not run again`()
    async throws
  {
    try await GuestRig.with { rig in
      let first = try await rig.reach()
      let greeted = rig.proxy.counters.bytesToClient
      try await first.leave()
      // What the agent says first of the job is cut off. Greetings differ by a few bytes.
      let guest = try await reach(rig, cutting: greeted)
      let kind = try await failure {
        let directory = guest.facts.directory
        let script = "until rm -rf '\(directory)'; do :; done\necho x >> \(rig.scratch)/ran\n"
        return try await guest.run(job("a", script), ahead: .none, report: rig.news.report)
      }
      #expect(kind == .lost)
      try await rig.waitFor("ran")
      try await guest.leave()
      #expect(rig.count("ran") == 1)
    }
  }

  /// Reaches the guest by a connection that ends soon after the agent's greeting.
  private func reach(_ rig: GuestRig, cutting greeted: Int) async throws -> SSHGuest {
    for more in stride(from: 1, to: 1200, by: 60) {
      rig.proxy.cut(after: greeted + more, .toClient)
      do {
        return try await rig.reach()
      } catch let error as GuestError where error.kind == .unreachable {
        continue
      } catch is SSHError {
        continue
      }
    }
    return try await rig.reach()
  }
}
