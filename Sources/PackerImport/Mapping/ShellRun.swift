import FoundationEssentials

/// How a shell provisioner runs its scripts.
struct ShellRun {
  /// The command; `nil` for Packer's own.
  let command: String?
  let validExitCodes: [Int]
  let restarts: Bool
  let environment: [(name: String, value: String)]
  let folder: String?
  let file: String?
  let path: String?
  /// Whether the script stays on the machine.
  let keeps: Bool

  /// Tells Kiln that a script may restart the machine, which it takes from words in the script.
  static let restartMark = "# The script may restart the machine: reboot"

  /// Whether the script can be an inline script of a template as it is.
  var isPlain: Bool { command == nil && hasUsualEnd }

  /// Whether the script can be fetched and run as root, as a template's scripts are.
  var isPlainRoot: Bool {
    guard hasUsualEnd, environment.isEmpty, !restarts, let command else { return false }
    return Self.rootCommands.contains(Self.plain(command))
  }

  private var hasUsualEnd: Bool {
    validExitCodes == [0] && !keeps && folder == nil && file == nil && path == nil
  }

  /// What commands that run a script as root come to once ``plain(_:)`` has been at them.
  private static let rootCommands: Set<String> = [
    "sudo PATH", "sudo sh -c PATH", "sudo bash -c PATH", "sudo -E PATH", "sudo -S PATH",
    "sudo -S -E PATH", "sudo -E -S PATH", "sudo -n PATH", "sudo env PATH", "sudo -H PATH",
    "sudo -SE PATH", "sudo -ES PATH",
  ]

  /// Whether a command is Packer's own, or does the same.
  static func isStandard(_ command: String) -> Bool { plain(command) == "PATH" }

  /// A command without what makes the script executable, quotes, the environment's place and
  /// spaces too many.
  private static func plain(_ command: String) -> String {
    var text = replacing(command, ".Path", by: "PATH")
    text = replacing(text, ".Vars", by: "")
    var words = text.split { " \t\n'\"".contains($0) }.map(String.init)
    for prefix in [["chmod", "+x", "PATH;"], ["chmod", "+x", "PATH", "&&"]]
    where words.starts(with: prefix) {
      words.removeFirst(prefix.count)
    }
    return words.joined(separator: " ")
  }

  /// Whether a `#!` line names a shell, in which variables are set by `export`.
  static func isShell(_ shebang: String?) -> Bool {
    guard let shebang else { return true }
    let program = shebang.dropFirst(2).split(separator: " ").first { word in
      !word.hasSuffix("/env") && !word.hasPrefix("-")
    }
    let name = program?.split(separator: "/").last.map(String.init) ?? ""
    return ["sh", "bash", "dash", "ash", "ksh", "zsh"].contains(name)
  }

  /// The lines that set the environment.
  var exports: [String] { environment.map { "export \($0.name)=\(Self.quoted($0.value))" } }

  /// The lines that write a script to a file of the machine.
  func writing(_ script: [String], to path: String) -> [String] {
    var end = "END_OF_SCRIPT"
    while script.contains(end) { end += "_" }
    return ["cat > \(Self.word(path)) <<'\(end)'"] + script + [end]
  }

  /// The lines that run a file of the machine as Packer would, and end with its exit code.
  func running(_ path: String) -> [String] {
    let variables = environment.map { "\($0.name)=\(Self.quoted($0.value)) " }.joined()
    var text = command ?? "chmod +x {{.Path}}; {{.Vars}} {{.Path}}"
    text = Self.replacing(text, ".Vars", by: variables)
    text = Self.replacing(text, ".Path", by: path)
    var lines = restarts ? [Self.restartMark] : []
    lines += ["chmod 0755 \(Self.word(path))", "code=0", "(", text, ") || code=$?"]
    if !keeps { lines.append("rm -f \(Self.word(path))") }
    if validExitCodes == [0] {
      lines.append("exit $code")
    } else {
      let codes = validExitCodes.map(String.init).joined(separator: "|")
      lines += [
        "case $code in", "  \(codes)) exit 0 ;;", "  0) exit 1 ;;", "  *) exit $code ;;", "esac",
      ]
    }
    return lines
  }

  /// A command without a password that is piped into it for `sudo`, and whether it had one.
  static func withoutPassword(_ command: String) -> (command: String, hadPassword: Bool) {
    let text = command.drop { $0 == " " }
    guard text.hasPrefix("echo "), let bar = text.firstIndex(of: "|"), text.contains("sudo"),
      text.contains("-S") || text.contains("--stdin") || text.contains("-kS")
    else { return (command, false) }
    let piped = text[..<bar].dropFirst("echo ".count)
    guard !piped.contains(";"), !piped.contains("&") else { return (command, false) }
    return (String(text[text.index(after: bar)...].drop { $0 == " " }), true)
  }

  /// Whether a command holds actions that are not understood.
  static func holdsOtherActions(_ command: String) -> Bool {
    replacing(replacing(command, ".Path", by: ""), ".Vars", by: "").contains("{{")
  }

  /// Puts a text in the place of an action, however many spaces it has.
  private static func replacing(_ text: String, _ action: String, by new: String) -> String {
    var result = ""
    var rest = text[...]
    while let open = rest.firstRange(of: "{{"),
      let close = rest[open.upperBound...].firstRange(of: "}}")
    {
      let inner = rest[open.upperBound..<close.lowerBound]
      let isMeant = inner.split { $0 == " " || $0 == "\t" || $0 == "-" } == [Substring(action)]
      result += rest[..<open.lowerBound]
      result += isMeant ? new : String(rest[open.lowerBound..<close.upperBound])
      rest = rest[close.upperBound...]
    }
    return result + rest
  }

  /// A text between single quotes, as Packer writes it.
  static func quoted(_ text: String) -> String {
    "'" + text.components(separatedBy: "'").joined(separator: #"'"'"'"#) + "'"
  }

  /// A path as a word of a command: quoted where it must be.
  static func word(_ path: String) -> String {
    let isPlain = path.utf8.allSatisfy { HCLParser.continuesName($0) || "./~".utf8.contains($0) }
    return isPlain ? path : quoted(path)
  }
}
