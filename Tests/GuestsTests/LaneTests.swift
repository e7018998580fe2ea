import FoundationEssentials
import Pipeline
import SSH
import TestSupport
import Testing

@testable import Guests

/// Large files, which go over several channels at once.
@Suite struct LaneTests {
  @Test(arguments: [1, 2, 3])
  func `a server that allows few channels gets large files all the same`(
    sessions: Int
  ) async throws {
    try await GuestRig.with { rig in
      let bytes = random(20_000_000)
      try await rig.visit { guest in
        try await guest.place(file(bytes, "\(rig.scratch)/placed"), report: rig.news.report)
        // The jobs' agent is as good as before.
        let end = try await guest.run(job("a", "exit 3\n"), ahead: .none, report: rig.news.report)
        #expect(end == .exited(3))
      }
      #expect(contents(rig, "placed") == bytes)
      #expect(try rig.server.log.components(separatedBy: "Starting session").count - 1 == sessions)
      #expect(rig.news.value.lost == 0)
    } setup: {
      $0.sshd = ["MaxSessions \(sessions)"]
    }
  }

  @Test(arguments: [1, 2])
  func `a refused file leaves nothing behind, whatever the number of channels`(
    sessions: Int
  ) async throws {
    try await GuestRig.with { rig in
      let refused = try file(random(3_000_000), "\(rig.scratch)/no/such")
      try await rig.visit { guest in
        let kind = try await failure { try await guest.place(refused, report: rig.news.report) }
        #expect(kind == .notPlaced)
        let bytes = random(100_000)
        try await guest.place(file(bytes, "\(rig.scratch)/fine"), report: rig.news.report)
        #expect(contents(rig, "fine") == bytes)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: rig.scratch) == ["fine"])
      #expect(rig.news.value.lost == 0)
    } setup: {
      $0.sshd = ["MaxSessions \(sessions)"]
    }
  }

  /// Its channel may have been closed long before, on a machine that is slow.
  @Test func `a lane that comes to life when all was left makes no directory`() async throws {
    try await GuestRig.with { rig in
      let guest = try await rig.reach()
      try await guest.leave()
      let connection = try await rig.route.dial()
      await #expect(throws: AgentGone.self) {
        _ = try await AgentSession.open(
          over: connection, run: rig.route.run, directory: guest.facts.directory, place: .beside,
          within: .seconds(30))
      }
      await connection.close()
      #expect(!FileManager.default.fileExists(atPath: guest.facts.directory))
    }
  }

  @Test(arguments: [40_000, 80_000, 300_000, 3_000_000, 9_000_000, 17_000_000, 20_050_000])
  func `wherever a large file is cut, it arrives whole`(place: Int) async throws {
    try await GuestRig.with { rig in
      let bytes = random(20_000_000)
      rig.proxy.cut(after: place, .toServer)
      try await rig.visit { guest in
        try await guest.place(file(bytes, "\(rig.scratch)/placed"), report: rig.news.report)
      }
      #expect(contents(rig, "placed") == bytes)
      #expect(try FileManager.default.contentsOfDirectory(atPath: rig.scratch) == ["placed"])
    }
  }

  @Test func `a piece whose writer is killed is sent again`() async throws {
    try await GuestRig.with { rig in
      let bytes = random(30_000_000)
      let writers = "dd of=\(rig.scratch)/"
      try await rig.visit { guest in
        let paused = Once()
        async let placing: Void = guest.place(file(bytes, "\(rig.scratch)/placed")) { news in
          if case .progress(let sent, _) = news, sent > 6_000_000, paused.take() {
            rig.proxy.silence()
            rig.release()
          }
          rig.news.report(news)
        }
        var calm = (writer: "", looks: 0)
        try await waitUntil("a writer to wait") {
          // The file that says so is made once the network is silent. What was on its way then may
          // still end a piece: a writer that waits is the newest one for many looks.
          let isSilent = FileManager.default.fileExists(atPath: "\(rig.scratch)/go")
          guard isSilent else { return false }
          let newest = try await run("pgrep", ["-n", "-f", writers]).stdout
          calm = newest.isEmpty || newest != calm.writer ? (newest, 0) : (newest, calm.looks + 1)
          return calm.looks >= 20
        }
        _ = try await run("pkill", ["-KILL", "-n", "-f", writers]).succeeded()
        rig.proxy.resume()
        try await placing
      }
      #expect(contents(rig, "placed") == bytes)
      #expect(rig.news.value.lost == 1)
    }
  }

  @Test func `a transfer whose part was removed meanwhile starts over`() async throws {
    try await GuestRig.with { rig in
      let bytes = random(20_000_000)
      rig.proxy.cut(after: 12_000_000, .toServer)
      try await rig.visit { guest in
        try await guest.place(file(bytes, "\(rig.scratch)/placed")) { news in
          if case .connectionLost = news {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: rig.scratch)) ?? [] {
              try? FileManager.default.removeItem(atPath: "\(rig.scratch)/\(name)")
            }
          }
          rig.news.report(news)
        }
      }
      #expect(contents(rig, "placed") == bytes)
      #expect(rig.news.value.lost == 1)
    }
  }

  private func contents(_ rig: GuestRig, _ name: String) -> [UInt8]? {
    FileManager.default.contents(atPath: "\(rig.scratch)/\(name)").map { Array($0) }
  }
}
