import Digests
import FoundationEssentials
import Pipeline
import SSH
import Synchronization
import TestSupport
import Testing

@testable import Guests

/// A guest that goes on from a kept state, in which an agent listens.
///
/// The agent is at the end of an SSH channel here, in place of a VM's own port: to it that is the same.
@Suite struct WakeTests {
  @Test func `an agent that listens already serves a whole build, and SSH carries large files`()
    async throws
  {
    try await GuestRig.with { rig in
      let listener = try await Listener.start(rig)
      let guest = try #require(
        try await SSHGuest.wake(rig.route, at: listener.channel, report: rig.news.report))
      let end = try await guest.run(
        job("a", "echo out; echo err >&2; exit 3\n"), ahead: .none, report: rig.news.report)
      #expect(end == .exited(3))
      #expect(rig.news.stdout == "out\n" && rig.news.stderr == "err\n")
      for (name, size) in [("small", 10), ("large", 20_000_000)] {
        let bytes = random(size)
        let file = PlacedFile(
          id: name, source: .bytes(bytes), digest: try .init(of: bytes), mode: 0o644,
          lifetime: .stay, destination: "\(rig.scratch)/\(name)")
        try await guest.place(file, report: rig.news.report)
        #expect(FileManager.default.contents(atPath: file.destination).map { Array($0) } == bytes)
      }
      #expect(rig.news.value.lost == 0)
      try await guest.leave()
      #expect(!FileManager.default.fileExists(atPath: guest.facts.directory))
      await listener.connection.close()
    }
  }

  @Test func `a job goes on over SSH when the agent that listened is gone, and runs once`()
    async throws
  {
    try await GuestRig.with { rig in
      let listener = try await Listener.start(rig)
      let guest = try #require(
        try await SSHGuest.wake(rig.route, at: listener.channel, report: rig.news.report))
      let job = try job("a", "\(rig.hold)echo x >> \(rig.scratch)/ran; echo end\n")
      async let end = guest.run(job, ahead: .none, report: rig.news.report)
      try await rig.waitFor("began")
      await listener.connection.close()
      try await waitUntil("the loss") { rig.news.value.lost == 1 }
      rig.release()
      #expect(try await end == .exited(0))
      #expect(rig.count("began") == 1 && rig.count("ran") == 1)
      #expect(rig.news.stdout == "end\n")
      try await guest.leave()
    }
  }

  @Test func `a job that is cancelled ends, though no connection stood`() async throws {
    try await GuestRig.with { rig in
      let listener = try await Listener.start(rig)
      let guest = try #require(
        try await SSHGuest.wake(rig.route, at: listener.channel, report: rig.news.report))
      let job = try job("a", "\(rig.hold)")
      let running = Task { try await guest.run(job, ahead: .none, report: rig.news.report) }
      try await rig.waitFor("began")
      running.cancel()
      await #expect(throws: CancellationError.self) { try await running.value }
      #expect(try await processes("\(rig.scratch)/go") == 0)
      try await guest.leave()
      await listener.connection.close()
    }
  }

  @Test func `a guest that hangs is noticed by the connection beside a longer job`() async throws {
    try await GuestRig.with { rig in
      let listener = try await Listener.start(rig)
      let guest = try #require(
        try await SSHGuest.wake(
          rig.route, at: QuietChannel(listener.channel), report: rig.news.report))
      let job = try job("a", "\(rig.hold)echo x >> \(rig.scratch)/ran\n")
      async let end = guest.run(job, ahead: .none, report: rig.news.report)
      try await waitUntil("the agent of the connection beside", limit: .seconds(60)) {
        let sessions = FileManager.default.contents(
          atPath: "\(guest.facts.directory)/.sessions")
        return sessions?.split(separator: UInt8(ascii: "\n")).count == 2
      }
      rig.proxy.silence()
      try await waitUntil("the loss", limit: .seconds(120)) { rig.news.value.lost == 1 }
      rig.proxy.resume()
      rig.release()
      #expect(try await end == .exited(0))
      #expect(rig.count("ran") == 1)
      try await guest.leave()
      await listener.connection.close()
    }
  }

  @Test func `a guest that takes no new connections loses no job, and gets files by its port`()
    async throws
  {
    try await GuestRig.with { rig in
      let listener = try await Listener.start(rig)
      let dials = Mutex(0)
      var route = rig.route
      route.dial = {
        dials.withLock { $0 += 1 }
        return try await rig.route.dial()
      }
      let guest = try #require(
        try await SSHGuest.wake(
          route, at: QuietChannel(listener.channel), report: rig.news.report))
      rig.proxy.refuse()
      async let end = guest.run(job("a", rig.hold), ahead: .none, report: rig.news.report)
      try await waitUntil("another try", limit: .seconds(60)) { dials.withLock { $0 } > 1 }
      rig.release()
      #expect(try await end == .exited(0))
      let bytes = random(20_000_000)
      let file = PlacedFile(
        id: "f", source: .bytes(bytes), digest: try .init(of: bytes), mode: 0o644,
        lifetime: .stay, destination: "\(rig.scratch)/f")
      try await guest.place(file, report: rig.news.report)
      #expect(FileManager.default.contents(atPath: file.destination).map { Array($0) } == bytes)
      #expect(rig.count("began") == 1)
      #expect(rig.news.value.lost == 0)
      try await guest.leave()
      await listener.connection.close()
    }
  }

  @Test func `where nobody listens, that is found`() async throws {
    try await GuestRig.with { rig in
      let connection = try await rig.route.dial()
      let channel = SSHAgentChannel(channel: try await connection.open("read -r word"))
      let guest = try await SSHGuest.wake(rig.route, at: channel, report: rig.news.report)
      #expect(guest == nil)
      await connection.close()
    }
  }

  /// A way to an agent that is silent where the guest is, and no more, as a VM's port.
  private struct QuietChannel: AgentChannel {
    private let inner: SSHAgentChannel
    private let closed: AsyncStream<Never>
    private let closing: AsyncStream<Never>.Continuation

    init(_ inner: SSHAgentChannel) {
      self.inner = inner
      (closed, closing) = AsyncStream<Never>.makeStream()
    }

    var tellsSilence: Bool { false }
    func write(_ bytes: [UInt8]) async throws { try await inner.write(bytes) }

    func read() async throws -> [UInt8]? {
      do {
        return try await inner.read()
      } catch is SSHError {
        for await _ in closed {}
        try Task.checkCancellation()
        return nil
      }
    }

    func close() async {
      closing.finish()
      await inner.close()
    }
  }

  /// An agent that was started and not greeted.
  private struct Listener {
    let connection: SSHConnection
    let channel: SSHAgentChannel

    static func start(_ rig: GuestRig) async throws -> Listener {
      let connection = try await rig.route.dial()
      let channel = SSHAgentChannel(channel: try await connection.open(AgentProgram.command))
      try await channel.write(AgentProgram.bytes)
      return Listener(connection: connection, channel: channel)
    }
  }
}
