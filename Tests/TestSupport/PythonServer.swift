internal import Subprocess

/// A server in Python beside a test, over TLS, with a certificate that its client believes.
public struct PythonServer: Sendable {
  /// The loopback port that it listens at.
  public let port: Int
  /// A directory that is gone with the server.
  public let directory: String

  /// The server's address, without a slash at its end.
  public var url: String { "https://localhost:\(port)" }
  /// The file with the authority whose certificates a client has to believe.
  public var authority: String { "\(directory)/ca.pem" }

  /// Runs a program of `Tests/AzureStandIn` while `body` runs.
  ///
  /// The program gets `arguments`, then the paths of a certificate and its key, prints its port,
  /// and ends with its standard input.
  public static func with<Value: Sendable>(
    _ program: String, _ arguments: [String],
    _ body: @Sendable (PythonServer) async throws -> Value
  ) async throws -> Value {
    try await ScratchDirectory.with { directory in
      try await makeCertificates(in: directory)
      let script = "\(packageRoot)/Tests/AzureStandIn/\(program)"
      let certificate = ["server.pem", "server.key"].map { "\(directory)/\($0)" }
      // By this it ends what it has started, too.
      return try await withPythonProgram(
        [script] + arguments + certificate, endedBy: .terminate
      ) { port in
        try await body(PythonServer(port: port, directory: directory))
      }
    }
  }

  /// What the server answers to a request that needs no token, as text.
  /// - Throws: ``KitError`` where it does not answer with 2xx.
  public func ask(_ path: String, posting body: String? = nil) async throws -> String {
    let posting = body.map { ["--data-binary", $0] } ?? []
    return try await run(
      "curl", ["--silent", "--show-error", "--fail", "--cacert", authority, url + path] + posting
    ).succeeded().stdout
  }
}

/// A CA of our own (`ca.pem`), and a certificate of its for localhost.
private func makeCertificates(in directory: String) async throws {
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
  _ = try await run("sh", ["-c", commands], directory: directory).succeeded()
}
