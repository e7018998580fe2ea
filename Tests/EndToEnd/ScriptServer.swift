import Foundation
import Subprocess
import SystemPackage
import TestSupport

/// An HTTP server of a test's own, for scripts and files.
struct ScriptServer: Sendable {
  /// Its loopback port.
  let port: Int
  private let logFile: String

  /// Serves the files of `directory` until `body` returns or throws.
  static func with(
    _ directory: String, _ body: (ScriptServer) async throws -> Void
  ) async throws {
    let log = "\(directory)/.server.log"
    let output = try FileDescriptor.open(
      FilePath(log), .writeOnly, options: [.append, .create], permissions: .ownerReadWrite)
    _ = try await Subprocess.run(
      .name("python3"),
      arguments: [
        "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", directory,
      ],
      input: .none, output: .fileDescriptor(output, closeAfterSpawningProcess: true),
      error: .combinedWithOutput
    ) { execution in
      var result = Swift.Result<Void, any Error>.success(())
      do {
        try await waitUntil("the HTTP server to listen") { try Self.port(in: log) != nil }
        try await body(ScriptServer(port: try Self.port(in: log) ?? 0, logFile: log))
      } catch {
        result = .failure(error)
      }
      try execution.send(signal: .kill)
      try result.get()
    }
  }

  /// The address of a file.
  func url(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

  /// What it was asked for, a line each.
  var requests: [String] {
    get throws {
      try String(contentsOfFile: logFile, encoding: .utf8).split(separator: "\n").map(String.init)
        .filter { $0.contains("\"GET ") }
    }
  }

  private static func port(in log: String) throws -> Int? {
    let text = try String(contentsOfFile: log, encoding: .utf8)
    guard let match = text.firstMatch(of: /port (\d+)/) else { return nil }
    return Int(match.1)
  }
}
