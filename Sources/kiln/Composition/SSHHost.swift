import Foundation
import Guests
import Pipeline
import SSH
import Synchronization
import Template

/// The host of `--on ssh://…`: where it is, and how it is logged in to.
struct SSHHost {
  /// The target as the user wrote it.
  let name: String
  /// What `kiln gc` needs to log in again.
  let login: GuestLogin
  /// How long it may stay out of reach.
  let timeout: Duration
  /// What the user should know about the SSH configuration.
  let warnings: [String]
  private let target: ResolvedTarget
  private let options: SSHOptions
  private let questions: Questions
  private let contact = FirstContact()

  /// The host that `url` names, with a login of `arguments` or else of an earlier run.
  init(
    _ url: String, _ arguments: SSHArguments, like earlier: GuestLogin = GuestLogin(),
    _ questions: Questions
  ) throws {
    name = url
    self.questions = questions
    timeout = try arguments.timeout()
    login = GuestLogin(
      identities: arguments.identities.isEmpty
        ? earlier.identities : arguments.identities.map(Self.absolute),
      knownHosts: arguments.knownHosts.map(Self.absolute) ?? earlier.knownHosts)
    let environment = ProcessInfo.processInfo.environment
    do {
      let resolution = try SSHClientConfig(
        .init(user: NSUserName(), home: Places.home, environment: environment)
      ).resolve(SSHDestination(parsing: url))
      target = resolution.target
      warnings = resolution.warnings
    } catch {
      throw CommandFault(error.description, hint: error.hint, exit: .usage)
    }
    var options = SSHOptions(home: Places.home)
    options.identities = login.identities
    options.agentSocket = environment["SSH_AUTH_SOCK"].flatMap { $0.isEmpty ? nil : $0 }
    options.knownHostsFiles = login.knownHosts.map { [$0] } ?? []
    options.hostKeyPolicy = arguments.acceptHostKey ? .acceptNew : .known
    options.ask = { try await questions.answer($0) }
    self.options = options
  }

  /// What the user calls the machine.
  var machine: String { "\(target.user)@\(target.host)" }

  /// The way to the machine for a run.
  func route(for run: RunID) -> SSHRoute {
    SSHRoute(name: machine, run: run.text, timeout: timeout, patience: .none) {
      try await connection()
    }
  }

  /// The machine as one that runs Windows.
  var asWindows: SSHWindowsHost { SSHWindowsHost(host: self) }

  /// What the machine runs: it is connected to, once, and whoever connects next goes on with that
  /// connection.
  /// - Throws: ``GuestError`` where it can't be reached.
  func system() async throws -> GuestSystem {
    if let system = contact.system { return system }
    do {
      let connection = try await SSHConnection.connect(to: target, options: options)
      let system = try await connection.guestSystem()
      contact.note(system, connection)
      return system
    } catch let error as SSHError {
      throw GuestError(.unreachable, error.description, hint: error.hint)
    }
  }

  /// A connection to the machine.
  func connection() async throws -> SSHConnection {
    if let connection = contact.takeConnection(), connection.isOpen { return connection }
    return try await SSHConnection.connect(to: target, options: options)
  }

  /// The user's password, asked for where nobody has told it.
  func password() async throws -> Pipeline.Secret? {
    let answer = try await questions.answer(.password(user: target.user, host: target.host))
    return answer.map { Pipeline.Secret($0.withBytes { String(decoding: $0, as: UTF8.self) }) }
  }

  private static func absolute(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
  }
}

/// What a first connection has shown, and the connection, until somebody takes it.
private final class FirstContact: Sendable {
  private let state = Mutex<(system: GuestSystem?, connection: SSHConnection?)>((nil, nil))

  var system: GuestSystem? { state.withLock { $0.system } }

  func note(_ system: GuestSystem, _ connection: SSHConnection) {
    state.withLock { $0 = (system, connection) }
  }

  func takeConnection() -> SSHConnection? {
    state.withLock { state in
      defer { state.connection = nil }
      return state.connection
    }
  }
}

extension SSHArguments {
  func timeout() throws -> Duration {
    guard let timeout = GoDuration(sshTimeout), timeout.duration > .zero else {
      throw CommandFault(
        "could not use `--ssh-timeout \(sshTimeout)`: it is no duration",
        hint: "write it as 20m, 90s or 1h30m", exit: .usage)
    }
    return timeout.duration
  }
}
