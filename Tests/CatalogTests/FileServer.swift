import FoundationEssentials
import HTTP
import SystemPackage
import TestSupport
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
    try await HTTPSServer.with(handler) { server in
      let directory = FilePath(server.directory)
      try FileManager.default.createDirectory(
        atPath: directory.appending("www").string, withIntermediateDirectories: true)
      let server = FileServer(port: server.port, directory: directory)
      try await FileServer.$running.withValue(server) { try await function() }
    }
  }
}

extension Trait where Self == FileServerTrait {
  /// An HTTPS server of its own for the suite.
  static var fileServer: Self { FileServerTrait() }
}

/// Serves `www`, and writes each path that is asked for into `log`.
private let handler = #"""
  log = open(directory + "/log", "a", buffering=1)
  class Handler(http.server.SimpleHTTPRequestHandler):
      def __init__(self, *arguments):
          super().__init__(*arguments, directory=directory + "/www")
      def log_message(self, *_):
          pass
      def do_GET(self):
          log.write(self.path + "\n")
          super().do_GET()
  """#
