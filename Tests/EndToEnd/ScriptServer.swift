import Foundation
import Subprocess
import SystemPackage
import TestSupport

/// An HTTP server of a test's own, for scripts and files.
struct ScriptServer: Sendable {
  /// How it speaks.
  enum Scheme: String, Sendable { case http, https }

  /// Its loopback port.
  let port: Int
  private let scheme: Scheme
  private let logFile: String

  /// Serves the files of `directory` until `body` returns or throws.
  ///
  /// Over TLS its certificate is `ca.pem` in that directory, which nobody trusts.
  static func with(
    _ directory: String, _ scheme: Scheme = .http, _ body: (ScriptServer) async throws -> Void
  ) async throws {
    let log = "\(directory)/.server.log"
    if scheme == .https { try await makeCertificate(in: directory) }
    let output = try FileDescriptor.open(
      FilePath(log), .writeOnly, options: [.append, .create], permissions: .ownerReadWrite)
    _ = try await Subprocess.run(
      .name("python3"), arguments: ["-c", program, directory, scheme.rawValue],
      input: .none, output: .fileDescriptor(output, closeAfterSpawningProcess: true),
      error: .combinedWithOutput
    ) { execution in
      var result = Swift.Result<Void, any Error>.success(())
      do {
        try await waitUntil("the HTTP server to listen") { try Self.port(in: log) != nil }
        let port = try Self.port(in: log) ?? 0
        try await body(ScriptServer(port: port, scheme: scheme, logFile: log))
      } catch {
        result = .failure(error)
      }
      try execution.send(signal: .kill)
      try result.get()
    }
  }

  private static let program = """
    import functools, http.server, ssl, sys
    directory, scheme = sys.argv[1:]
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory + "/ca.pem", directory + "/ca.key")
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
    print("port", server.server_address[1], flush=True)
    server.serve_forever()
    """

  private static func makeCertificate(in directory: String) async throws {
    _ = try await TestSupport.run(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
        "\(directory)/ca.key", "-out", "\(directory)/ca.pem",
      ]
    ).succeeded()
  }

  /// The address of a file.
  func url(_ name: String) -> String { "\(scheme)://127.0.0.1:\(port)/\(name)" }

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
