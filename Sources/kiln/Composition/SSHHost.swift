import Foundation
import Guests
import Pipeline
import SSH
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

  /// The host that `url` names, with a login of `arguments` or else of an earlier run.
  init(
    _ url: String, _ arguments: SSHArguments, like earlier: GuestLogin = GuestLogin(),
    _ questions: Questions
  ) throws {
    name = url
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
    SSHRoute(name: machine, run: run.text, timeout: timeout, patience: .none) { [target, options] in
      try await SSHConnection.connect(to: target, options: options)
    }
  }

  private static func absolute(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
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
