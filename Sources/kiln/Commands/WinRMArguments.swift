import ArgumentParser

/// How a Windows machine is reached: shared by `build`, `plan`, `gc` and `doctor`.
struct WinRMArguments: ParsableArguments {
  @Option(
    name: .customLong("winrm-thumbprint"),
    help: ArgumentHelp(
      "Believe only the certificate with this SHA-1 or SHA-256 thumbprint.", valueName: "hex"))
  var thumbprint: String?

  @Option(
    name: .customLong("winrm-ca"),
    help: ArgumentHelp(
      "Believe certificates that this PEM file's authorities have signed.", valueName: "file"))
  var authorities: String?

  @Flag(
    name: .customLong("winrm-basic"),
    help: "Log in by Basic, over TLS, in place of NTLM; Azure's images refuse it.")
  var basic = false
}
