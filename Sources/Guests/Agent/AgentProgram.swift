import Pipeline

/// The shell program that is the guest's end of a build, as it is sent.
enum AgentProgram {
  /// The program's bytes, without the lines that are comments.
  static let bytes =
    Array("renewal=\(quoted(renewal))\n".utf8)
    + [PackageResources.jobs_sh, PackageResources.files_sh, PackageResources.agent_sh]
    .flatMap(withoutComments)

  /// The program with which root cleans a VM of the build and powers it off.
  static let retirement = withoutComments(PackageResources.retire_sh)

  /// The program with which root makes a VM right again that goes on from a kept state.
  private static let renewal = withoutComments(PackageResources.renew_sh)

  /// A program as one word of a shell.
  private static func quoted(_ program: [UInt8]) -> String {
    let text = String(decoding: program, as: UTF8.self)
    return "'"
      + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
      + "'"
  }

  private static func withoutComments(_ program: [UInt8]) -> [UInt8] {
    var kept: [UInt8] = []
    for line in program.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    where line.first(where: { $0 != UInt8(ascii: " ") }) != UInt8(ascii: "#") {
      kept += line
      kept.append(UInt8(ascii: "\n"))
    }
    return kept
  }

  /// The command that starts it: any login shell understands it (sh, bash, dash, fish, csh), and
  /// the program itself follows on standard input, so that no shell has to quote it.
  ///
  /// `dd` takes not a byte more than the program, which some versions of `head` do.
  static let command =
    "exec /bin/sh -c 'eval \"$(dd bs=\(bytes.count) count=1 iflag=fullblock 2>/dev/null)\"'"
}
