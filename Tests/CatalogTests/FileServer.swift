import FoundationEssentials
import HTTP
import Subprocess
import SystemPackage
import Testing

/// An HTTPS server beside the tests of a suite, which serves a directory.
struct FileServer: Sendable {
  @TaskLocal static var running: FileServer?

  let port: Int
  let directory: FilePath

  /// The server of the suite.
  static var current: FileServer {
    get throws { try #require(running, "the suite lacks the trait .fileServer") }
  }

  /// A client that believes the server's certificate.
  var client: HTTPClient { HTTPClient(trust: .authorities(directory.appending("ca.pem"))) }

  /// A new place on the server, for one test.
  func site() throws -> Site {
    let name = UUID().uuidString
    let root = directory.appending("www").appending(name)
    try FileManager.default.createDirectory(
      atPath: root.string, withIntermediateDirectories: true)
    return Site(
      url: "https://localhost:\(port)/\(name)", root: root, log: directory.appending("log"))
  }

  /// A directory on the server that belongs to one test.
  struct Site {
    let url: String
    let root: FilePath
    fileprivate let log: FilePath

    /// Puts a file there, in place of one that is there already.
    func publish(_ bytes: [UInt8], as name: String) throws {
      let path = root.appending(name)
      try FileManager.default.createDirectory(
        atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
      try Data(bytes).write(to: URL(filePath: path.string))
    }

    func publish(_ text: String, as name: String) throws { try publish(Array(text.utf8), as: name) }

    /// The names that were asked for, in order.
    func requests() throws -> [String] {
      let prefix = "/\(root.lastComponent?.string ?? "")/"
      return try String(contentsOfFile: log.string, encoding: .utf8).split(separator: "\n")
        .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
  }
}

/// Runs the server around a suite.
struct FileServerTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let directory = FilePath(
      FileManager.default.temporaryDirectory.path() + "kiln-catalog-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      atPath: directory.appending("www").string, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory.string) }
    try await makeCertificates(in: directory)
    // The server ends when this process does, however it does.
    let lifeline = try FileDescriptor.pipe()
    defer { try? lifeline.writeEnd.close() }
    _ = try await Subprocess.run(
      .name("python3"), arguments: ["-c", program, directory.string],
      input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: true),
      output: .sequence,
      error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
    ) { execution in
      var said = ""
      for try await piece in execution.standardOutput {
        said += piece.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        if said.hasSuffix("\n") { break }
      }
      let port = try #require(Int(said.dropLast()))
      let server = FileServer(port: port, directory: directory)
      try await FileServer.$running.withValue(server) { try await function() }
      try execution.send(signal: .kill)
    }
  }
}

extension Trait where Self == FileServerTrait {
  /// An HTTPS server of its own for the suite.
  static var fileServer: Self { FileServerTrait() }
}

/// Serves `www`, writes each path that is asked for into `log`, prints its port, and ends with its
/// standard input.
private let program = #"""
  import http.server, ssl, sys, threading
  directory = sys.argv[1]
  log = open(directory + "/log", "a", buffering=1)
  class Handler(http.server.SimpleHTTPRequestHandler):
      def __init__(self, *arguments):
          super().__init__(*arguments, directory=directory + "/www")
      def log_message(self, *_):
          pass
      def do_GET(self):
          log.write(self.path + "\n")
          super().do_GET()
  class Server(http.server.ThreadingHTTPServer):
      daemon_threads = True
      def handle_error(self, *_):
          pass
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
  context.load_cert_chain(directory + "/server.pem", directory + "/server.key")
  server = Server(("127.0.0.1", 0), Handler)
  server.socket = context.wrap_socket(
      server.socket, server_side=True, do_handshake_on_connect=False)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  print(server.server_address[1], flush=True)
  sys.stdin.buffer.read()
  """#.split(separator: "\n", omittingEmptySubsequences: false)
  .map { $0.hasPrefix("  ") ? $0.dropFirst(2) : $0 }.joined(separator: "\n")

/// A certificate authority of our own, `ca.pem`, and a certificate of its for localhost.
private func makeCertificates(in directory: FilePath) async throws {
  let commands = """
    set -e
    for name in ca server; do openssl ecparam -name prime256v1 -genkey -noout -out $name.key; done
    openssl req -x509 -new -key ca.key -subj "/CN=kiln test" -days 2 -out ca.pem
    openssl req -new -key server.key -subj /CN=localhost -out server.csr
    printf 'subjectAltName=DNS:localhost\\n' > names
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
      -extfile names -out server.pem 2>/dev/null
    """
  let result = try await Subprocess.run(
    .name("sh"), arguments: ["-c", commands], workingDirectory: directory, output: .discarded,
    error: .string(limit: 1 << 16))
  try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
}
