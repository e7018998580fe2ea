import Foundation
import TestSupport
import Testing

extension Rig {
  /// The names of the runs, oldest first.
  var runs: [String] {
    get throws {
      let path = path("state/kiln/runs")
      guard FileManager.default.fileExists(atPath: path) else { return [] }
      return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
  }

  /// The name of the only run.
  var run: String {
    get throws {
      let runs = try runs
      try #require(runs.count == 1, "there are \(runs.count) runs")
      return runs[0]
    }
  }

  /// What a file of the only run says.
  func file(_ name: String) throws -> String {
    try String(contentsOfFile: path("state/kiln/runs/\(try run)/\(name)"), encoding: .utf8)
  }

  /// The record of the only run.
  var record: Record { get throws { try Record(try file("run.json")) } }

  /// Records an issue where anything of the runs is left on the machine: a directory, a part of a
  /// file in one of `folders`, a process.
  func expectCleanGuest(
    _ folders: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let leftovers = try Self.entries(["/var/tmp", "/tmp", "/root", home] + folders).filter { path in
      try runs.contains { path.contains("kiln-\($0)") }
    }
    #expect(leftovers.isEmpty, sourceLocation: sourceLocation)
    try await expectNoProcesses(sourceLocation: sourceLocation)
  }

  /// Records an issue where a session's process goes on; the end of a connection is told to the
  /// machine a moment later.
  func expectNoProcesses(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    var left: [String] = []
    let end = ContinuousClock.now + .seconds(10)
    repeat {
      left = try guestProcesses()
      if left.isEmpty { return }
      try await Task.sleep(for: .milliseconds(20))
    } while ContinuousClock.now < end
    Issue.record("still running on the guest: \(left)", sourceLocation: sourceLocation)
  }

  /// The command lines of all that the machine's sessions started and that goes on.
  func guestProcesses() throws -> [String] {
    let config = try String(contentsOfFile: "\(server.directory)/sshd_config", encoding: .utf8)
    let line = try #require(config.split(separator: "\n").first { $0.hasPrefix("SetEnv ") })
    let mark = Data(line.dropFirst("SetEnv ".count).utf8)
    return try FileManager.default.contentsOfDirectory(atPath: "/proc")
      .filter { Int32($0) != nil }
      .compactMap { id in
        // A process may end between the listing and this look.
        let environment = FileManager.default.contents(atPath: "/proc/\(id)/environ")
        guard environment?.range(of: mark) != nil else { return nil }
        let words = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
        return "\(id): " + String(decoding: words, as: UTF8.self).replacing("\0", with: " ")
      }
  }

  private static func entries(_ folders: [String]) throws -> [String] {
    try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
    }
  }
}

/// What `run.json` says, as far as tests look at it.
struct Record: Decodable {
  struct Status: Decodable {
    let runState: String
    let runSubState: String?
    let message: String
  }
  struct Result: Decodable {
    let number: Int
    let attempt: Int
    let outcome: String
    let exitCode: Int32?
    let sha256: String?
  }

  let run: String
  let templateSHA256: String
  let lastRunStatus: Status
  let results: [Result]
  let errors: [String]
  let hint: String?
  let exitCode: Int32?

  init(_ json: String) throws {
    self = try JSONDecoder().decode(Record.self, from: Data(json.utf8))
  }

  var state: String { lastRunStatus.runState }
  var outcomes: [String] { results.map(\.outcome) }
}
