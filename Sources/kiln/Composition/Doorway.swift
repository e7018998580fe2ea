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

  /// The program and its words, to which a command may be added.
  /// - Throws: ``CommandFault`` where the run has no VM now.
  func words() throws -> [String] {
    switch self {
    case .vm(let directory): try Self.words(directory)
    case .none(let machine):
      throw CommandFault(
        "could not open a shell on \(machine): it is reached over WinRM",
        hint: "use Remote Desktop or Enter-PSSession from another machine")
    case .host(let host):
      ["ssh"] + host.login.identities.flatMap { ["-i", $0] }
        + (host.login.knownHosts.map { ["-o", "UserKnownHostsFile=\($0)"] } ?? []) + [host.name]
    }
  }

  private static func words(_ directory: RunDirectory) throws -> [String] {
    let contents = try directory.journal()
    let places = (contents.kept + contents.unfinished).compactMap { resource in
      if case .vm(let place) = resource { place } else { nil }
    }
    guard let place = places.last, let login = try? VMLogin.read(in: place) else {
      throw CommandFault(
        "the run \(directory.run.text) has no virtual machine now",
        hint: "a build keeps its VM after a failure with --keep, or with the template's "
          + "`errorHandling`")
    }
    return login.sshWords
  }
}
