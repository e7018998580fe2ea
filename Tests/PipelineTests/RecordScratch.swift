import FoundationEssentials
import Pipeline

/// A directory of a test's own, gone when the test is.
final class RecordScratch {
  let path = "/tmp/kiln-record-\(UUID().uuidString)"
  var archive: RunArchive { RunArchive(path: path + "/state/kiln/runs") }

  /// A run that has begun: a directory with a record.
  func begin(at time: Timestamp = .noon) throws -> RunDirectory {
    let run = try archive.create(at: time)
    try run.write(.sample(run.run, process: .current()))
    return run
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func text(_ file: String) throws -> String {
    try String(contentsOfFile: file, encoding: .utf8)
  }

  func write(_ text: String, to file: String) throws {
    try text.write(toFile: file, atomically: false, encoding: .utf8)
  }
}

extension Timestamp {
  // 2026-11-23T13:48:12.5Z
  static let noon = Timestamp(seconds: 1_795_441_692, nanoseconds: 500_000_000)
}

extension RunRecord {
  static func sample(_ run: RunID, process: ProcessIdentity) -> RunRecord {
    RunRecord(
      run: run, template: "template.json", templateSHA256: String(repeating: "0", count: 64),
      on: "ssh://me@host", process: process,
      steps: [
        StepOutline(
          number: 1, name: "nginx", type: "Shell", summary: "3 inline lines",
          position: "template.json:42:7")
      ],
      start: .noon)
  }
}
