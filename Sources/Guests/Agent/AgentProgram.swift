import Pipeline

/// The shell program that is the guest's end of a build, as it is sent.
enum AgentProgram {
  /// The program's bytes: `agent.sh` without the lines that are comments.
  static let bytes: [UInt8] = {
    var kept: [UInt8] = []
    for line in PackageResources.agent_sh.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    where line.first(where: { $0 != UInt8(ascii: " ") }) != UInt8(ascii: "#") {
      kept += line
      kept.append(UInt8(ascii: "\n"))
    }
    return kept
  }()

  /// The command that starts it: any login shell understands it (sh, bash, dash, fish, csh), and
  /// the program itself follows on standard input, so that no shell has to quote it.
  static let command = "exec /bin/sh -c 'eval \"$(head -c \(bytes.count))\"'"
}
