import Digests
import Guests
import HTTP
import Pipeline
import Synchronization
import SystemPackage
import TestSupport
import Testing
import WinRM

/// A Windows guest behind the tests' WinRM server, with a proxy in between that can break the
/// connection.
struct WindowsRig: Sendable {
  let server: WinRMServer
  let proxy: FaultProxy
  var route: WindowsRoute
  let news = WindowsNews()

  static func with<Value: Sendable>(
    _ rules: WinRMServer.Rule..., window: [WinRMServer.Configuration.Window] = [],
    timeout: Duration = .seconds(30), launch: Duration = .seconds(2), operation: Int = 20,
    _ body: @Sendable (WindowsRig) async throws -> Value
  ) async throws -> Value {
    var configuration = WinRMServer.Configuration()
    configuration.rules = rules
    configuration.window = window
    return try await WinRMServer.with(configuration) { server in
      try await FaultProxy.with(to: server.httpsPort) { proxy in
        var route = WindowsRoute(
          name: "test guest", run: "run-1", timeout: timeout,
          client: client(server, proxy.port, operation), password: Secret(WinRMServer.password))
        route.launchLimit = launch
        return try await body(WindowsRig(server: server, proxy: proxy, route: route))
      }
    }
  }

  private static func client(
    _ server: WinRMServer, _ port: Int, _ operation: Int
  ) -> WinRMClient {
    var options = WinRMOptions()
    options.operationTimeout = .seconds(operation)
    options.answerMargin = .seconds(operation < 20 ? 1 : 10)
    options.connectTimeout = .seconds(operation < 20 ? 2 : 10)
    return WinRMClient(
      WinRMEndpoint(
        host: "localhost", port: UInt16(port),
        transport: .https(.authorities(FilePath(server.certificateFile)))),
      as: WinRMCredentials(
        user: WinRMServer.user, password: WinRMPassword(WinRMServer.password)), options: options)
  }

  /// Reaches the guest, runs `body` and leaves it.
  func visit<Value>(_ body: (PowerShellGuest) async throws -> Value) async throws -> Value {
    let guest = try await PowerShellGuest.reach(route, report: news.report)
    let value = try await body(guest)
    try await guest.leave()
    return value
  }

  /// Runs one job on a guest of its own.
  func run(_ job: GuestJob) async throws -> JobEnd {
    try await visit { guest in try await guest.run(job, ahead: .none, report: news.report) }
  }

  /// How often scripts were run whose text has `part`.
  func count(_ part: String) throws -> Int {
    try server.jobs().ran.count { $0.contains(part) }
  }

  /// Waits until a script with `part` runs.
  func waitForStart(_ part: String) async throws {
    try await waitUntil("the script to run", limit: .seconds(20)) { try count(part) > 0 }
  }
}

/// A job that runs a PowerShell script.
func job(_ script: String, id: String = "step-1", as user: JobUser = .login) throws -> GuestJob {
  let bytes = Array(script.utf8)
  return GuestJob(
    id: id, script: bytes, digest: try SHA256Digest(of: bytes), interpreter: "powershell",
    interpreterArgument: "compatible", user: user, restarts: .none)
}

/// What a guest told.
final class WindowsNews: EventSink {
  struct Told {
    var out: [UInt8] = []
    var errors: [UInt8] = []
    var lost = 0
    var warnings: [String] = []
    var notes: [String] = []
    var restarts = 0
  }

  private let told = Mutex(Told())

  var value: Told { told.withLock { $0 } }
  var out: String { String(decoding: value.out, as: UTF8.self) }
  var errors: String { String(decoding: value.errors, as: UTF8.self) }

  var report: GuestReport {
    { [self] news in
      told.withLock { told in
        switch news {
        case .output(.stdout, let bytes): told.out += bytes
        case .output(.stderr, let bytes): told.errors += bytes
        case .connectionLost: told.lost += 1
        case .warning(let text): told.warnings.append(text)
        case .progress, .answered, .connectionRestored: break
        }
      }
    }
  }

  func receive(_ event: BuildEvent) {
    told.withLock { told in
      switch event {
      case .stepOutput(_, .stdout, let bytes): told.out += bytes
      case .stepOutput(_, .stderr, let bytes): told.errors += bytes
      case .warning(let text): told.warnings.append(text)
      case .note(let text): told.notes.append(text)
      case .restarted: told.restarts += 1
      case .connectionLost: told.lost += 1
      default: break
      }
    }
  }
}

/// The error that `body` throws; `nil` where it throws none.
func failure<Kind: Error>(
  _ kind: Kind.Type, _ body: () async throws -> some Sendable
) async throws -> Kind? {
  do {
    _ = try await body()
    return nil
  } catch let error as Kind {
    return error
  }
}
