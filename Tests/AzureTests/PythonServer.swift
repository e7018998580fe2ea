import FoundationEssentials
import HTTP
import Subprocess
import SystemPackage
import Testing
import TestSupport

/// A server in Python beside a test, over TLS, with a certificate that its client believes.
struct PythonServer: Sendable {
  let port: Int
  /// A directory that is gone with the server.
  let directory: FilePath

  /// The server's address, without a slash at its end.
  var url: String { "https://localhost:\(port)" }
  /// Whose certificates the client has to believe.
  var trust: HTTPClient.Trust { .authorities(directory.appending("ca.pem")) }

  /// Runs a program of `Tests/AzureStandIn` while `body` runs.
  ///
  /// The program gets `arguments`, then the paths of a certificate and its key, prints its port,
  /// and ends with its standard input.
  static func with<Value: Sendable>(
    _ program: String, _ arguments: [String],
    _ body: @Sendable (PythonServer) async throws -> Value
  ) async throws -> Value {
    try await ScratchDirectory.with { path in
      let directory = FilePath(path)
      try await makeCertificates(in: directory)
      // The server ends when this process does, however it does.
      let lifeline = try FileDescriptor.pipe()
      defer { try? lifeline.writeEnd.close() }
      let script = "\(packageRoot)/Tests/AzureStandIn/\(program)"
      let certificate = ["server.pem", "server.key"].map { directory.appending($0).string }
      let outcome = try await Subprocess.run(
        .name("python3"), arguments: Arguments([script] + arguments + certificate),
        input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: true),
        output: .sequence,
        error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
      ) { execution in
        var said = ""
        for try await piece in execution.standardOutput {
          said += piece.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
          if said.hasSuffix("\n") { break }
        }
        let port = try #require(Int(said.dropLast()), "the server printed \(said)")
        let result = await Result.catching {
          try await body(PythonServer(port: port, directory: directory))
        }
        try execution.send(signal: .kill)
        return result
      }
      return try outcome.closureResult.get()
    }
  }

  /// What the server answers to a GET of `path`, as text.
  func text(_ path: String) async throws -> String {
    try await HTTPClient(trust: trust).send(HTTPRequest(.get, url + path)).text
  }
}

extension Result where Failure == any Error {
  fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}

/// A CA of our own (`ca.pem`), and a certificate of its for localhost.
private func makeCertificates(in directory: FilePath) async throws {
  let commands = """
    set -e
    openssl ecparam -name prime256v1 -genkey -noout -out ca.key
    openssl req -x509 -new -key ca.key -subj "/CN=kiln test" -days 2 -out ca.pem
    openssl ecparam -name prime256v1 -genkey -noout -out server.key
    openssl req -new -key server.key -subj /CN=localhost -out server.csr
    printf 'subjectAltName=DNS:localhost,DNS:*.blob.localhost,IP:127.0.0.1\\n' > names
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
      -extfile names -out server.pem 2>/dev/null
    """
  _ = try await run("sh", ["-c", commands], directory: directory.string).succeeded()
}
