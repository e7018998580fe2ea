import Digests
import FoundationEssentials
import Guests
import Pipeline
import SSH
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// A guest behind a real `sshd`, with a proxy in between that can break the connection.
struct GuestRig: Sendable {
  let server: SSHServer
  let proxy: FaultProxy
  let route: SSHRoute
  /// A directory for side effects, which the guest's user may write to.
  let scratch: String
  let news = News()

  typealias Account = SSHServer.Configuration.Account

  /// What a rig's connections are like.
  struct Setup {
    /// A user of its own, whose login shell reads nothing of whoever runs the tests.
    var account = geteuid() == 0 ? Account.throwaway(TestUser.Options()) : .current
    var sshd: [String] = []
    var timeout = Duration.seconds(40)
    var keepAlive = Duration.seconds(5)
    var patience = SSHRoute.Patience.none
  }

  static func with<Value>(
    _ body: (GuestRig) async throws -> Value, setup change: (inout Setup) -> Void = { _ in }
  ) async throws -> Value {
    var setup = Setup()
    change(&setup)
    let server = SSHServer.Configuration(account: setup.account, lines: setup.sshd)
    return try await SSHServer.with(server) { server in
      try await with(server, setup, body)
    }
  }

  /// A rig for a user that is made for it.
  static func with<Value>(
    _ user: TestUser.Options, sshd: [String] = [],
    _ body: (GuestRig, TestUser) async throws -> Value
  ) async throws -> Value {
    try await TestUser.with(user) { user in
      try await with { rig in
        try await body(rig, user)
      } setup: {
        $0.account = .named(user.name)
        $0.sshd = sshd
      }
    }
  }

  /// A rig whose machine can restart, and whose user may become root.
  static func withMachine<Value>(
    _ body: (GuestRig, RestartingHost) async throws -> Value,
    setup change: (inout Setup) -> Void = { _ in }
  ) async throws -> Value {
    var setup = Setup()
    setup.account = .throwaway(TestUser.Options(sudo: .withoutPassword))
    change(&setup)
    let server = SSHServer.Configuration(account: setup.account)
    return try await RestartingHost.with(server) { [setup] host in
      try await with(host.server, setup) { rig in try await body(rig, host) }
    }
  }

  /// A rig for a server that is there already.
  static func with<Value>(
    _ server: SSHServer, _ setup: Setup, _ body: (GuestRig) async throws -> Value
  ) async throws -> Value {
    try await FaultProxy.with(to: server.port) { proxy in
      try await ScratchDirectory.with { scratch in
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch)
        let route = try await Self.route(server, proxy.port, setup)
        return try await body(
          GuestRig(server: server, proxy: proxy, route: route, scratch: scratch))
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
    options.connectTimeout = .seconds(20)
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

  /// Runs one job on a guest of its own.
  func run(_ job: GuestJob) async throws -> JobEnd {
    try await visit { guest in try await guest.run(job, ahead: .none, report: news.report) }
  }

  /// Runs `job`, and `meanwhile` as soon as its script has written a line to `began`.
  func run(
    _ job: GuestJob, meanwhile: @escaping @Sendable (SSHGuest) async throws -> Void
  ) async throws -> JobEnd {
    try await visit { guest in
      async let end = guest.run(job, ahead: .none, report: news.report)
      try await waitFor("began")
      try await meanwhile(guest)
      return try await end
    }
  }

  /// What a script waits with for ``release()``, having counted itself.
  var hold: String {
    "echo x >> \(scratch)/began; until [ -e \(scratch)/go ]; do sleep 0.05; done\n"
  }

  /// Lets scripts go on that ``hold``.
  func release() {
    _ = FileManager.default.createFile(atPath: "\(scratch)/go", contents: nil)
  }

  /// What a job has ended with, where it has.
  func exitCode(of job: String, on guest: SSHGuest) -> Int? {
    let bytes = FileManager.default.contents(atPath: "\(guest.facts.directory)/\(job)/exit")
    let line = bytes?.split(separator: UInt8(ascii: "\n")).first ?? Data()
    return Int(String(decoding: line, as: UTF8.self))
  }

  /// Runs a command on the guest beside all jobs.
  func command(_ text: String) async throws {
    let connection = try await route.dial()
    let exit = try await connection.open(text).exit()
    await connection.close()
    #expect(exit == .status(0), "\(text)")
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
        case .progress, .answered: break
        }
      }
    }
  }
}

/// A job that runs `script`, with `/bin/sh -e` as the login user where nothing else is said.
func job(
  _ id: String, _ script: String, by interpreter: String = "/bin/sh", _ argument: String = "-e",
  user: JobUser = .login, restarts: RestartIntent = .none
) throws -> GuestJob {
  try job(id, bytes: Array(script.utf8), by: interpreter, argument, user: user, restarts: restarts)
}

func job(
  _ id: String, bytes: [UInt8], by interpreter: String, _ argument: String,
  user: JobUser = .login, restarts: RestartIntent = .none
) throws -> GuestJob {
  GuestJob(
    id: id, script: bytes, digest: try SHA256Digest(of: bytes), interpreter: interpreter,
    interpreterArgument: argument, user: user, restarts: restarts)
}

/// How many processes have `text` in their command line: those of `user`, or all.
func processes(_ text: String, of user: String? = nil) async throws -> Int {
  let whose = user.map { ["-u", $0] } ?? []
  let found = try await run("pgrep", whose + ["-f", "-c", "--", text])
  return found.stdout.split(separator: "\n").first.flatMap { Int($0) } ?? 0
}

/// The kind of error that `body` throws; `nil` where it throws none.
func failure(_ body: () async throws -> some Sendable) async throws -> GuestError.Kind? {
  do {
    _ = try await body()
    return nil
  } catch let error as GuestError {
    return error.kind
  }
}
