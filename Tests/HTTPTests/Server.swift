import Digests
import FoundationEssentials
import HTTP
import SystemPackage
import TestSupport
import Testing

/// The HTTPS server beside the tests of a suite, and a directory for them.
struct Server: Sendable {
  @TaskLocal static var running: Server?

  let port: Int
  let directory: FilePath

  /// The server of the suite.
  static var current: Server {
    get throws { try #require(running, "the suite lacks the trait .server") }
  }

  /// The address of a behaviour of the server, for one test alone.
  func url(_ behaviour: String, for test: String = #function) -> String {
    "https://localhost:\(port)\(path(behaviour, test))"
  }

  /// A client that believes the server's certificate.
  var client: HTTPClient { HTTPClient(trust: .authorities(directory.appending("ca.pem"))) }

  /// What was asked of a behaviour by one test: method and range, in order.
  func requests(_ behaviour: String, for test: String = #function) async throws -> [String] {
    let log = "https://localhost:\(port)/log\(path(behaviour, test))"
    return try await client.send(HTTPRequest(.get, log)).text.split(separator: "\n").map(
      String.init)
  }

  /// An empty directory.
  func scratch() throws -> FilePath {
    let path = directory.appending(UUID().uuidString)
    try FileManager.default.createDirectory(
      atPath: path.string, withIntermediateDirectories: false)
    return path
  }

  private func path(_ behaviour: String, _ test: String) -> String {
    let id = test.utf8.map { String($0, radix: 16) }.joined()
    return "/\(id)/\(behaviour)"
  }
}

/// What the server has under `plain`, and under `cut` before it is changed.
let payload = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251) }

/// The names of all files in a directory, hidden ones too.
func files(in directory: FilePath) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted()
}

/// The bytes of a file.
func bytes(of file: FilePath) throws -> [UInt8] {
  try [UInt8](Data(contentsOf: URL(filePath: file.string)))
}

/// The error that `body` throws.
func failure<Value>(_ body: () async throws -> Value) async throws -> HTTPError {
  do {
    _ = try await body()
  } catch let error as HTTPError {
    return error
  }
  throw NoFailure()
}

/// The expected error was not thrown.
struct NoFailure: Error {}

/// Runs the server around a suite.
struct ServerTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await HTTPSServer.with(serverScript) { server in
      let server = Server(port: server.port, directory: FilePath(server.directory))
      try await Server.$running.withValue(server) { try await function() }
    }
  }
}

extension Trait where Self == ServerTrait {
  /// An HTTPS server of its own for the suite.
  static var server: Self { ServerTrait() }
}
