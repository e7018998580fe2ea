import ArgumentParser

/// How the machine is reached: shared by `build`, `plan` and `gc`.
struct SSHArguments: ParsableArguments {
  @Option(
    name: .customLong("identity"),
    help: ArgumentHelp("A private key to log in with, before all others.", valueName: "file"))
  var identities: [String] = []

  @Option(
    help: ArgumentHelp("The known_hosts file to check the host's key against.", valueName: "file"))
  var knownHosts: String?

  @Flag(help: "Accept and remember the key of a host that is not in known_hosts yet.")
  var acceptHostKey = false

  @Option(
    help: ArgumentHelp("Read the login password from this file descriptor.", valueName: "number"))
  var passwordFd: Int32?

  @Option(
    help: ArgumentHelp("Read the key's passphrase from this file descriptor.", valueName: "number"))
  var passphraseFd: Int32?

  @Option(
    help: ArgumentHelp(
      "How long the machine may be out of reach, as in 20m or 90s.", valueName: "duration"))
  var sshTimeout: String = "20m"
}
