import ArgumentParser
import Glibc
import Pipeline
import QEMU

/// `kiln ssh`: a shell in the VM of a run.
struct SSHCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ssh", abstract: "Open a shell in the build VM of a run that goes on or was kept.",
    discussion: "Words after the run are a command to run there instead, as with ssh.")

  @OptionGroup var chosen: RunArgument

  @Argument(parsing: .captureForPassthrough, help: "A command to run in place of a shell.")
  var command: [String] = []

  func run() throws {
    let directory = try chosen.find()
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
    var arguments = (login.sshWords + command).map { strdup($0) } + [nil]
    execvp("ssh", &arguments)
    throw CommandFault(
      "could not start `ssh`: \(String(cString: strerror(errno)))", hint: "install openssh-client")
  }
}

extension VMLogin {
  /// The command that logs in; what should run there can follow.
  var sshWords: [String] {
    [
      "ssh", "-i", identity, "-p", "\(port)", "-o", "IdentitiesOnly=yes", "-o",
      "UserKnownHostsFile=\(knownHosts)", "-o", "StrictHostKeyChecking=yes", "-o",
      "LogLevel=ERROR", "-F", "none", "\(user)@127.0.0.1",
    ]
  }
}
