/// What the service does not refuse, but its machines do not do as the template hopes.
extension TemplateDecoder {
  /// Only a restart that a step asks for is waited for; the service's Shell step knows none.
  mutating func checkRestart(_ fields: Fields, in system: System) {
    guard case .array(let lines)? = fields["inline"]?.value.content else { return }
    for (index, line) in lines.enumerated() {
      guard case .string(let text) = line.content, system.restarts(text) else { continue }
      let node = Node(
        value: line, path: "\(fields.node.path).inline[\(index)]", weight: .incidental)
      switch system {
      case .linux:
        warn(
          node, .restartInScript,
          "the service takes a restart in a Shell step for a lost connection, and fails",
          hint: "a build on a host of your own waits for the restart")
      case .windows:
        warn(
          node, .restartInScript, "nothing waits for a restart that a PowerShell step begins",
          hint: "make it a step of its own, of the type `WindowsRestart`")
      }
    }
  }

  /// A file has its whole path, and on the service's Linux machines the build user writes to `/tmp`
  /// alone.
  mutating func checkDestination(_ text: String, _ node: Node) {
    guard Unresolved(text) == nil else { return }
    if text.hasSuffix("/") || text.hasSuffix("\\") {
      warn(
        node, .noFullPath, "\(quoted(text)) is a folder, and a File step makes a file",
        hint: "add the file's name")
    } else if !System.isFullPath(text) {
      warn(
        node, .noFullPath, "\(quoted(text)) depends on where the build user starts",
        hint: "write the path in full, as in `/tmp/\(fileName(of: text))`")
    } else if text.hasPrefix("/"), !text.hasPrefix("/tmp/") {
      warn(
        node, .outsideTmp, "the service can write \(quoted(text)) to no place but `/tmp`",
        hint: "copy it to `/tmp`, and move it in a Shell step with `sudo mv`")
    }
  }

  private func fileName(of path: String) -> String {
    printable(String(path.split(separator: "/").last ?? "file"))
  }

  /// No machine runs both kinds of scripts.
  mutating func checkSystems(_ steps: [Customizer]) {
    let systems = steps.map { step in (step, System(of: step.action)) }
    guard let first = systems.first(where: { $0.1 != nil }),
      let other = systems.first(where: { $0.1 != nil && $0.1 != first.1 })
    else { return }
    findings.warn(
      .mixedSystems,
      "a \(other.0.action.type) step can't run where the \(first.0.action.type) step of line "
        + "\(first.0.position.line) does", at: other.0.position,
      path: "properties.customize[\(other.0.index)]",
      hint: "Shell steps are for Linux, PowerShell and Windows steps for Windows")
  }

  /// Which system a step is for.
  enum System {
    case linux, windows

    /// `nil` for a step that both have.
    init?(of action: Customizer.Action) {
      switch action {
      case .shell: self = .linux
      case .powerShell, .windowsRestart, .windowsUpdate: self = .windows
      case .file: return nil
      }
    }

    /// Whether a line of a script restarts the machine, by the commands that are used for it.
    ///
    /// A line of more than 4 KiB is data, and takes long to look through.
    func restarts(_ line: String) -> Bool {
      guard line.utf8.count <= 4096 else { return false }
      let words = line.lowercased().split { " \t;&|()'\"`".contains($0) }
        .map { $0.split(separator: "/").last.map(String.init) ?? "" }
      if words.first?.hasPrefix("#") ?? true { return false }
      switch self {
      case .linux:
        let restarts = words.contains("shutdown") && words.contains("-r")
        return restarts || words.first { $0 != "sudo" && $0 != "systemctl" } == "reboot"
      case .windows:
        let flags = line.lowercased().split(separator: " ")
        let shuts = words.contains("shutdown") || words.contains("shutdown.exe")
        return words.contains("restart-computer")
          || (shuts && (flags.contains("/r") || flags.contains("-r")))
      }
    }

    /// Whether a path says where it starts: `/…`, `C:\…`, `%…%` or `~`.
    static func isFullPath(_ path: String) -> Bool {
      let drive = path.prefix(2)
      return path.hasPrefix("/") || path.hasPrefix("\\") || path.hasPrefix("%")
        || path.hasPrefix("$") || path.hasPrefix("~") || (drive.count == 2 && drive.last == ":")
    }
  }
}
