import Foundation
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A running `kiln`, in a session of its own: it has no terminal to ask at.
struct KilnProcess: Sendable {
  /// Its process number.
  let id: pid_t
  private let errors: String

  /// Runs `kiln` in the user's home `home` to its end, with `body` beside it.
  static func run(
    _ arguments: [String], in home: String, input: String = "", environment: [String: String] = [:],
    while body: (KilnProcess) async throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    let files = "\(home)/output-\(UUID().uuidString)"
    let output = try file("\(files).out")
    let errors = try file("\(files).err")
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = []
    let settings = Self.settings(home).merging(environment) { _, own in own }
    let result = try await Subprocess.run(
      .path(FilePath(try kilnBinary())), arguments: Arguments(arguments),
      environment: .custom(keyed(settings)), workingDirectory: FilePath(home),
      platformOptions: options, input: .string(input),
      output: .fileDescriptor(output, closeAfterSpawningProcess: true),
      error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
    ) { execution in
      let process = KilnProcess(id: execution.processIdentifier.value, errors: "\(files).err")
      do {
        try await body(process)
      } catch {
        process.send(SIGKILL)
        throw error
      }
    }
    let code: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return KilnEnd(stdout: try text("\(files).out"), stderr: try text("\(files).err"), exit: code)
  }

  /// Sends it a signal.
  func send(_ signal: Int32) { kill(id, signal) }

  /// What it has said to people so far.
  var said: String { get throws { try Self.text(errors) } }

  /// Returns when it has said `text`.
  func waitUntilSays(_ text: String) async throws {
    try await waitUntil("kiln to say `\(text)`") { try said.contains(text) || hasEnded }
    let all = try said
    try #require(all.contains(text), "kiln ended before it said `\(text)`: \(all)")
  }

  /// Whether it has ended, though nobody may have fetched its exit code yet.
  var hasEnded: Bool {
    get throws {
      guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else {
        return true
      }
      return stat.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
  }

  private static func file(_ path: String) throws -> FileDescriptor {
    try FileDescriptor.open(
      FilePath(path), .writeOnly, options: [.append, .create], permissions: .ownerReadWrite)
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  static func settings(_ home: String) -> [String: String] {
    [
      "HOME": home, "XDG_STATE_HOME": "\(home)/state", "XDG_CACHE_HOME": "\(home)/cache",
      "PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8",
    ]
    .merging(inherited) { own, _ in own }
  }

  /// Where the dynamic linker finds Swift's own libraries.
  private static let inherited = ProcessInfo.processInfo.environment.filter {
    ["LD_LIBRARY_PATH"].contains($0.key)
  }

  static func keyed(_ settings: [String: String]) -> [Environment.Key: String] {
    Dictionary(
      uniqueKeysWithValues: settings.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
  }
}

/// What a `kiln` that ended left behind.
struct KilnEnd: Sendable {
  /// Its data.
  let stdout: String
  /// Its talk.
  let stderr: String
  /// Its exit code; 128 and the signal's number where a signal ended it.
  let exit: Int32
}
