import Foundation
import Guests
import Pipeline
import SSH
import Template

/// The host of `--on ssh://…`: where it is, and how it is logged in to.
struct SSHHost {
  /// The target as the user wrote it.
  let name: String
  /// How long it may stay out of reach.
  let timeout: Duration
  private let target: ResolvedTarget
  private let options: SSHOptions

  init(_ url: String, _ arguments: SSHArguments, _ questions: Questions) throws {
    guard url.hasPrefix("ssh://") else {
      throw UsageFault(
        "could not bake on `\(url)`: only ssh:// targets are known",
        hint: "name a host of your own: --on ssh://me@host")
    }
    guard let timeout = GoDuration(arguments.sshTimeout), timeout.duration > .zero else {
      throw UsageFault(
        "could not use `--ssh-timeout \(arguments.sshTimeout)`: it is no duration",
        hint: "write it as 20m, 90s or 1h30m")
    }
    name = url
    self.timeout = timeout.duration
    let environment = ProcessInfo.processInfo.environment
    let destination = try SSHDestination(parsing: url)
    target = try SSHClientConfig.load(home: Places.home).resolve(destination)
    var options = SSHOptions(home: Places.home)
    options.identities = arguments.identities.map(Self.absolute)
    options.agentSocket = environment["SSH_AUTH_SOCK"].flatMap { $0.isEmpty ? nil : $0 }
    if let file = arguments.knownHosts { options.knownHostsFiles = [Self.absolute(file)] }
    if arguments.acceptHostKey { options.hostKeyPolicy = .acceptNew }
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
