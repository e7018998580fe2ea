internal import FoundationEssentials

extension CommandLine {
  /// Runs a script in Windows PowerShell, given in its command line.
  ///
  /// Its errors come as CLIXML (``CLIXMLDecoder``).
  /// - Throws: ``WinRMError`` where the script is too long for that; about 3,000 characters are not.
  public static func powerShell(_ script: String) throws(WinRMError) -> CommandLine {
    let encoded = Data(script.utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] })
      .base64EncodedString()
    let line = CommandLine(
      "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand \(encoded)"
    )
    guard line.command.utf16.count <= cmdLimit else {
      throw WinRMError(
        .badRequest, "could not start PowerShell",
        "the script has \(script.utf16.count) characters, too many for a command line")
    }
    return line
  }

  /// The text as PowerShell reads a value in single quotes, which are all kinds of them to it.
  static func quoted(_ text: String) -> String {
    var quoted = "'"
    for character in text {
      if "'\u{2018}\u{2019}\u{201A}\u{201B}".contains(character) { quoted.append(character) }
      quoted.append(character)
    }
    return quoted + "'"
  }
}
