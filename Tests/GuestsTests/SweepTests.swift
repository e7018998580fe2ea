import Digests
import FoundationEssentials
import Guests
import Pipeline
import SSH
import TestSupport
import Testing

/// A build's whole conversation with its guest, cut at many places.
@Suite struct SweepTests {
  /// Where a connection is cut.
  struct Place: Sendable, CustomStringConvertible {
    let bytes: Int
    let direction: FaultProxy.Direction
    var description: String { "\(bytes) bytes \(direction)" }
  }

  @Test func `wherever a connection is cut, each step runs once and each end is its own`()
    async throws
  {
    try await SSHServer.with(SSHServer.Configuration(account: Self.setup.account)) { server in
      let counters = try await GuestRig.with(server, Self.setup) { rig in
        try await Self.converse(rig)
        return rig.proxy.counters
      }
      let places =
        Self.places(upTo: counters.bytesToServer, .toServer)
        + Self.places(upTo: counters.bytesToClient, .toClient)
      // What is said is not of the same length each time, so that the last places may not be met.
      let met = try await withThrowingTaskGroup(of: Int.self) { group in
        var met = 0
        for (index, place) in places.enumerated() {
          if index >= 6 { met += try await group.next() ?? 0 }
          group.addTask {
            try await GuestRig.with(server, Self.setup) { rig in
              rig.proxy.cut(after: place.bytes, place.direction)
              try await Self.converse(rig, "cut after \(place)")
              return rig.proxy.counters.connections - 1
            }
          }
        }
        return try await group.reduce(met, +)
      }
      #expect(met >= places.count - 8)
    }
  }

  private static let setup: GuestRig.Setup = {
    var setup = GuestRig.Setup()
    setup.patience = .untilTimeout
    setup.timeout = .seconds(60)
    return setup
  }()

  /// From the first byte to the last, most of them after the login.
  private static func places(upTo end: Int, _ direction: FaultProxy.Direction) -> [Place] {
    let count = 24
    return (1...count).map { Place(bytes: max(1, (end - 40) * $0 / count), direction: direction) }
  }

  /// Two steps with a file between them.
  private static func converse(_ rig: GuestRig, _ comment: Comment = "not cut") async throws {
    let guest = try await rig.reach()
    let report = rig.news.report
    let first = try job("a", "echo x >> \(rig.scratch)/a\nseq 200\necho e >&2\n")
    let second = try job("b", "echo x >> \(rig.scratch)/b\nsleep 0.2\necho out\nexit 3\n")
    let bytes = Array("some bytes\n".utf8)
    let file = PlacedFile(
      id: "f", source: .bytes(bytes), digest: try .init(of: bytes), mode: 0o640, lifetime: .stay,
      destination: "\(rig.scratch)/file")
    // Before the jobs: none may be ahead while a file is placed, which passes over what they say.
    try await guest.place(file, report: report)
    let firstEnd = try await guest.run(first, ahead: .started([second]), report: report)
    #expect(firstEnd == .exited(0), comment)
    let secondEnd = try await guest.run(second, ahead: .none, report: report)
    #expect(secondEnd == .exited(3), comment)
    try await guest.leave()
    #expect(rig.count("a") == 1 && rig.count("b") == 1, comment)
    #expect(rig.count("file") == 1, comment)
    let numbers = (1...200).map { "\($0)\n" }.joined()
    #expect(rig.news.stdout == numbers + "out\n", comment)
    #expect(rig.news.stderr == "e\n", comment)
    #expect(!FileManager.default.fileExists(atPath: guest.facts.directory), comment)
  }
}
