import Digests
import FoundationEssentials
import Guests
import Pipeline
import SSH
import Synchronization
import TestSupport
import Testing

/// A guest behind a real `sshd`, with a proxy in between that can break the connection.
struct GuestRig: Sendable {
  let server: SSHServer
  let proxy: FaultProxy
  let route: SSHRoute
  /// A directory for side effects, which the guest's user may write to.
  let scratch: String
  let news = News()

  /// What a rig's connections are like.
  struct Setup {
    var account = SSHServer.Configuration.Account.current
    var timeout = Duration.seconds(30)
    var keepAlive = Duration.seconds(2)
    var patience = SSHRoute.Patience.none
  }

  static func with<Value>(
    _ setup: Setup = Setup(), _ body: (GuestRig) async throws -> Value
  ) async throws -> Value {
    try await SSHServer.with(SSHServer.Configuration(account: setup.account)) { server in
      try await FaultProxy.with(to: server.port) { proxy in
        try await ScratchDirectory.with { scratch in
          try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch)
          let route = try await Self.route(server, proxy.port, setup)
          let rig = GuestRig(server: server, proxy: proxy, route: route, scratch: scratch)
          return try await body(rig)
        }
      }
    }
  }

  /// A route through the proxy, with a key that is made for it.
  static func route(
    _ server: SSHServer, _ port: Int, _ setup: Setup
  ) async throws -> SSHRoute {
    let key = try await server.clientKey()
    var options = SSHOptions()
    options.identities = [key.privateKeyFile]
    options.knownHostsFiles = [try server.knownHostsFile(port: port)]
    options.keepAliveInterval = setup.keepAlive
    options.keepAliveDeadline = setup.keepAlive
    options.connectTimeout = .seconds(5)
    let target = ResolvedTarget(user: server.user, host: "127.0.0.1", port: UInt16(port))
    return SSHRoute(
      name: "test guest", run: UUID().uuidString.lowercased(), timeout: setup.timeout,
      patience: setup.patience
    ) { [options] in
      try await SSHConnection.connect(to: target, options: options)
    }
  }

  func reach() async throws -> SSHGuest {
    try await SSHGuest.reach(route, report: news.report)
  }

  /// Reaches the guest, runs `body` and leaves it.
  func visit<Value>(_ body: (SSHGuest) async throws -> Value) async throws -> Value {
    let guest = try await reach()
    let value: Value
    do {
      value = try await body(guest)
    } catch {
      try await guest.leave()
      throw error
    }
    try await guest.leave()
    #expect(!FileManager.default.fileExists(atPath: guest.facts.directory), "the guest is clean")
    return value
  }

  /// How many lines the scripts of a test have written to a file: once for each run.
  func count(_ file: String) -> Int {
    let bytes = FileManager.default.contents(atPath: "\(scratch)/\(file)") ?? Data()
    return bytes.split(separator: UInt8(ascii: "\n")).count
  }

  /// Waits until a script has written to a file.
  func waitFor(_ file: String, lines: Int = 1) async throws {
    try await waitUntil("\(lines) lines in \(file)", limit: .seconds(30)) {
      count(file) >= lines
    }
  }
}

/// What a guest told.
final class News: Sendable {
  struct Told {
    var stdout: [UInt8] = []
    var stderr: [UInt8] = []
    var lost = 0
    var restored = 0
    var warnings: [String] = []
  }

  private let told = Mutex(Told())

  var value: Told { told.withLock { $0 } }

  var stdout: String { String(decoding: value.stdout, as: UTF8.self) }
  var stderr: String { String(decoding: value.stderr, as: UTF8.self) }

  var report: GuestReport {
    { [self] news in
      told.withLock { told in
        switch news {
        case .output(.stdout, let bytes): told.stdout += bytes
        case .output(.stderr, let bytes): told.stderr += bytes
        case .connectionLost: told.lost += 1
        case .connectionRestored: told.restored += 1
        case .warning(let text): told.warnings.append(text)
        case .progress: break
        }
      }
    }
  }
}

/// A job that runs `script` with `/bin/sh -e` as the login user.
func job(
  _ id: String, _ script: String, user: JobUser = .login, restarts: RestartIntent = .none
) throws -> GuestJob {
  let bytes = Array(script.utf8)
  return GuestJob(
    id: id, script: bytes, digest: try SHA256Digest(of: bytes), interpreter: "/bin/sh",
    interpreterArgument: "-e", user: user, restarts: restarts)
}
