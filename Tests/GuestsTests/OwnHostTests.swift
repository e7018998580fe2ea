import Digests
import FoundationEssentials
import Guests
import SSH
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// What remains on a machine whose build ended before there was a guest: nothing.
@Suite(.requiresRoot) struct OwnHostTests {
  @Test(arguments: ["sudo", "id"])
  func `a build that is stopped while the guest is being reached leaves nothing`(tool: String)
    async throws
  {
    try await with { rig, user, run in
      // The agent asks for `id` before it makes the run's directory, and for `sudo` after it.
      try await user.setTools { tools in
        let script = """
          #!/bin/sh
          if mkdir \(rig.scratch)/held; then \(rig.hold)fi
          exec /usr/bin/\(tool) "$@"
          """
        try Data(script.utf8).write(to: URL(filePath: "\(tools)/\(tool)"))
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o755], ofItemAtPath: "\(tools)/\(tool)")
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await run.reachMachine() }
        try await rig.waitFor("began")
        #expect(rig.directories(user).isEmpty == (tool == "id"))
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.next() }
      }
      #expect(rig.directories(user).isEmpty)
      rig.release()
      try await waitUntil("the first agent's end") {
        try await TestSupport.run("pgrep", ["-u", user.name]).exit == 1
      }
      #expect(rig.directories(user).isEmpty, "nor did the first agent make one later")
      #expect(try run.directory.journal().unfinished.isEmpty)
      #expect(run.warnings.isEmpty)
    }
  }

  @Test func `a guest that turned out unfit is left as it was`() async throws {
    try await with { rig, user, run in
      try await user.lackTool()
      let kind = try await failure { try await run.reachMachine() }
      #expect(kind == .unfit)
      #expect(rig.directories(user).isEmpty)
      #expect(try run.directory.journal().unfinished.isEmpty)
      #expect(run.warnings.isEmpty)
    }
  }

  @Test func `a machine that was never reached is not tried again to be left`() async throws {
    try await with { rig, _, run in
      rig.proxy.refuse()
      let kind = try await failure { try await run.reachMachine() }
      #expect(kind == .unreachable)
      #expect(run.dials == 1)
      #expect(try run.directory.journal().unfinished.isEmpty)
      #expect(run.warnings.isEmpty)
    }
  }

  private func with(
    _ body: (GuestRig, TestUser, HostRun) async throws -> Void
  ) async throws {
    let sshd = ["PermitUserEnvironment yes"]
    try await GuestRig.with(TestUser.Options(), sshd: sshd) { rig, user in
      try await ScratchDirectory.with { records in
        let archive = RunArchive(path: records)
        let directory = try archive.create(at: Timestamp(seconds: 0, nanoseconds: 0))
        let run = HostRun(rig, directory)
        try await body(rig, user, run)
      }
    }
  }
}

/// A build on a machine of the user's own that only reaches it.
private final class HostRun: Sendable, EventSink {
  let directory: RunDirectory
  private let rig: GuestRig
  private let told = Mutex<[String]>([])
  private let dialed = Atomic(0)

  init(_ rig: GuestRig, _ directory: RunDirectory) {
    self.rig = rig
    self.directory = directory
  }

  var warnings: [String] { told.withLock { $0 } }
  /// How often a connection was tried.
  var dials: Int { dialed.load(ordering: .relaxed) }

  func receive(_ event: BuildEvent) {
    if case .warning(let text) = event { told.withLock { $0.append(text) } }
  }

  func reachMachine() async throws {
    var route = rig.route
    route.dial = { [self, dial = route.dial] in
      dialed.add(1, ordering: .relaxed)
      return try await dial()
    }
    let host = OwnHost(
      route: route, journal: try Journal(of: directory), address: "ssh://me@host",
      login: GuestLogin(), events: self)
    let plan = Plan(
      template: "t.json", templateDigest: try SHA256Digest(of: []), steps: [], skipped: [],
      validators: [], system: .posix, buildTimeout: .seconds(60),
      generalization: .skipped("nothing is baked"),
      notes: [])
    try await host.withMachine(for: plan) { machine in
      _ = try await machine.connect(report: self.rig.news.report)
    }
  }
}

extension GuestRig {
  /// The run's directories, wherever on the guest they may be.
  fileprivate func directories(_ user: TestUser) -> [String] {
    ["/var/tmp", user.home, "/tmp"].map { "\($0)/.kiln-\(route.run)" }
      .filter { FileManager.default.fileExists(atPath: $0) }
  }
}
