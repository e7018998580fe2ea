import Digests
import FoundationEssentials
import HTTP
import Subprocess
import SystemPackage
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
    let directory = FilePath(
      FileManager.default.temporaryDirectory.path() + "kiln-http-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      atPath: directory.string, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory.string) }
    try await makeCertificates(in: directory)
    // The server ends when this process does, however it does.
    let lifeline = try FileDescriptor.pipe()
    defer { try? lifeline.writeEnd.close() }
    _ = try await Subprocess.run(
      .name("python3"), arguments: ["-c", serverScript.unindented, directory.string],
      input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: true),
      output: .discarded,
      error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
    ) { execution in
      let server = Server(port: try await port(in: directory), directory: directory)
      try await Server.$running.withValue(server) { try await function() }
      try execution.send(signal: .kill)
    }
  }

  private func port(in directory: FilePath) async throws -> Int {
    let file = directory.appending("port")
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
      if let port = (try? bytes(of: file)).flatMap({ Int(String(decoding: $0, as: UTF8.self)) }) {
        return port
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw ServerDidNotStart()
  }
}

/// The server did not open its port in 20 seconds.
struct ServerDidNotStart: Error {}

extension Trait where Self == ServerTrait {
  /// An HTTPS server of its own for the suite.
  static var server: Self { ServerTrait() }
}

/// A CA of our own (`ca.pem`), a certificate of its for localhost, and a CA that signed nothing.
private func makeCertificates(in directory: FilePath) async throws {
  let commands = """
    set -e
    new() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
    for ca in ca stranger; do
      new $ca
      openssl req -x509 -new -key $ca.key -subj "/CN=kiln test $ca" -days 2 -out $ca.pem
    done
    new server
    openssl req -new -key server.key -subj /CN=localhost -out server.csr
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' > names
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
      -extfile names -out server.pem 2>/dev/null
    """
  let result = try await Subprocess.run(
    .name("sh"), arguments: ["-c", commands], workingDirectory: directory, output: .discarded,
    error: .string(limit: 1 << 16))
  try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
}

extension String {
  /// The text without the two spaces that the formatter wants before each line.
  fileprivate var unindented: String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasPrefix("  ") ? $0.dropFirst(2) : $0 }.joined(separator: "\n")
  }
}
