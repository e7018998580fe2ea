import FoundationEssentials
import Pipeline
import TestSupport

/// Runs on disk for commands to look at, and the `kiln` that looks at them.
struct RunsOnDisk {
  let home: String
  var archive: RunArchive { RunArchive(path: home + "/kiln/runs") }

  /// Gives `body` a place for runs, gone when it ends.
  static func with<Value>(_ body: (RunsOnDisk) async throws -> Value) async throws -> Value {
    try await ScratchDirectory.with { try await body(RunsOnDisk(home: $0)) }
  }

  func kiln(_ arguments: String...) async throws -> Ran {
    try await TestSupport.run(
      kilnBinary(), arguments, environment: ["XDG_STATE_HOME": home, "COLUMNS": "80"])
  }

  /// A run that belongs to `process` and has one step, not ended.
  func begin(_ process: ProcessIdentity, at time: Timestamp = .sample) throws -> RunDirectory {
    let run = try archive.create(at: time)
    try run.write(
      RunRecord(
        run: run.run, template: "web.json", templateSHA256: String(repeating: "0", count: 64),
        on: "ssh://me@host", process: process,
        steps: [
          StepOutline(
            number: 1, name: "nginx", type: "Shell", summary: "2 inline lines",
            position: "web.json:4:7")
        ],
        start: time))
    return run
  }

  /// Puts an end to a run's record.
  func end(_ run: RunDirectory, _ state: RunState, errors: [String] = []) throws {
    var record = try run.record()
    record.results = [
      StepResult(
        number: 1, name: "nginx", type: "Shell",
        outcome: state == .succeeded ? .succeeded : .failed, exitCode: state == .succeeded ? 0 : 7,
        seconds: 3.21, message: nil)
    ]
    record.lastRunStatus.runState = state
    record.lastRunStatus.runSubState = nil
    record.lastRunStatus.endTime = Timestamp(
      seconds: record.lastRunStatus.startTime.seconds + 192, nanoseconds: 500_000_000)
    record.errors = errors
    record.exitCode = errors.isEmpty ? 0 : 1
    try run.write(record)
  }
}

extension Timestamp {
  /// The moment at which the samples begin.
  static let sample = Timestamp(seconds: 1_795_441_692, nanoseconds: 500_000_000)
}

extension ProcessIdentity {
  /// A process that is gone: it had our number before us.
  static func gone() throws -> ProcessIdentity {
    let ours = try ProcessIdentity.current()
    let text = #"{"pid":\#(ours.pid),"startTicks":1,"bootIdentity":"x","host":"\#(ours.host)"}"#
    return try JSONDecoder().decode(ProcessIdentity.self, from: Data(text.utf8))
  }
}

extension Snapshot.Filter {
  /// The names of runs.
  static let runs = Snapshot.Filter(#"\d{8}-\d{6}-[a-z0-9]{4}"#, with: "<run>")
}
