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
    let words = try Doorway.vm(of: chosen.find()).words()
    var arguments = (words + command).map { strdup($0) } + [nil]
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
