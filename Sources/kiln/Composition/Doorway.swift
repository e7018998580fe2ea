import Azure
import Pipeline
import QEMU

/// How OpenSSH's `ssh` gets into the machine of a run.
enum Doorway {
  /// The VM of a run.
  case vm(of: RunDirectory)
  /// A host of the user's own.
  case host(SSHHost)
  /// None: the machine, whose name this is, has no SSH that is known of.
  case none(String)

  /// Whether there is any.
  var isThere: Bool { if case .none = self { false } else { true } }

  /// The program and its words, to which a command may be added.
  /// - Throws: ``CommandFault`` where the run has no VM now.
  func words() throws -> [String] {
    switch self {
    case .vm(let directory): try Self.words(directory)
    case .none(let machine): throw Self.noShell(on: machine)
    case .host(let host):
      ["ssh"] + host.login.identities.flatMap { ["-i", $0] }
        + (host.login.knownHosts.map { ["-o", "UserKnownHostsFile=\($0)"] } ?? []) + [host.name]
    }
  }

  private static func noShell(on machine: String) -> CommandFault {
    CommandFault(
      "could not open a shell on \(machine): it is reached over WinRM",
      hint: "use Remote Desktop or Enter-PSSession from another machine")
  }

  private static func words(_ directory: RunDirectory) throws -> [String] {
    let contents = try directory.journal()
    let there = contents.kept + contents.unfinished
    if let login = azure(directory, there, { $0.readWindows() }) {
      throw noShell(on: "\(login.user)@\(login.host)")
    }
    if let login = azure(directory, there, { $0.read() }) { return login.sshWords }
    let places = there.compactMap { resource in
      if case .vm(let place) = resource { place } else { nil }
    }
    guard let place = places.last, let login = try? VMLogin.visit(place) else {
      throw CommandFault(
        "the run \(directory.run.text) has no virtual machine now",
        hint: "a build keeps its VM after a failure with --keep, or with the template's "
          + "`errorHandling`")
    }
    return login.sshWords
  }

  /// The newest machine in Azure that a run has.
  private static func azure<Login>(
    _ directory: RunDirectory, _ there: [Resource], _ read: (MachineFiles) -> Login?
  ) -> Login? {
    let isThere = there.contains { if case .azure = $0 { true } else { false } }
    guard isThere else { return nil }
    return [BuildNames.Role.validation, .build]
      .compactMap { read(MachineFiles(directory, $0)) }.first
  }
}

extension MachineLogin {
  /// The command that logs in; what should run there can follow.
  fileprivate var sshWords: [String] {
    [
      "ssh", "-i", identity, "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=\(knownHosts)",
      "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR", "-F", "none", "\(user)@\(host)",
    ]
  }
}
