import FoundationEssentials
import Template

extension Mapper {
  /// The PowerShell steps, and File steps for their scripts, of a powershell provisioner.
  mutating func powerShell(_ section: inout Section) -> [Output] {
    let settings = PowerShellRun(
      privilege: privilege(&section), validExitCodes: integers("valid_exit_codes", in: &section),
      environment: environment(&section))
    var steps: [Output] = []
    if let lines = texts("inline", in: &section) {
      steps.append(
        settings.step(
          "powershell-\(provisionerNumber)", inline: (settings.assignments + lines).map(harmless)))
    }
    for script in scripts(&section) { steps += powerShell(script, settings) }
    if steps.isEmpty, !remarks.contains(where: { $0.kind == .error }) {
      tell(.loss, "a `powershell` provisioner without a script does nothing", at: section.place)
    }
    return steps
  }

  private mutating func powerShell(_ script: ScriptPath, _ settings: PowerShellRun) -> [Output] {
    tellOfFiles(at: script.place)
    guard !settings.environment.isEmpty else {
      return [settings.step(script.name, address: script.result)]
    }
    scriptNumber += 1
    let path = "C:/Windows/Temp/packer-script-\(scriptNumber).ps1"
    return [
      .members([
        "type": .string("File"), "name": .string("\(script.name)-file"),
        "sourceUri": .string(script.result), "destination": .string(path),
      ]),
      settings.step(script.name, inline: settings.running(path)),
    ]
  }

  private mutating func privilege(_ section: inout Section) -> PowerShellOptions.Privilege {
    let place = section.place(of: "elevated_user")
    guard let user = text("elevated_user", in: &section) else { return .user }
    let plain = user.split(separator: "\\").last?.lowercased() ?? ""
    if plain == "system" { return .system }
    if plain != loginUser.lowercased() {
      tell(
        .loss, "`elevated_user`: the script runs as the build's own user, not as \(quoted(user))",
        at: place, hint: "it has elevated rights")
    }
    return .elevated
  }

  /// The WindowsRestart step of a windows-restart provisioner.
  mutating func windowsRestart(_ section: inout Section) -> Output {
    let place = section.place(of: "restart_timeout")
    var timeout = text("restart_timeout", in: &section)
    if let text = timeout, GoDuration(text) == nil {
      tell(.loss, "\(quoted(text)) is no length of time: the usual one counts", at: place)
      timeout = nil
    }
    return .members([
      "type": .string("WindowsRestart"), "name": .string("restart-\(provisionerNumber)"),
      "restartCommand": text("restart_command", in: &section).map(Output.string),
      "restartCheckCommand": text("restart_check_command", in: &section).map(Output.string),
      "restartTimeout": timeout.map(Output.string),
    ])
  }

  /// The WindowsUpdate step of a windows-update provisioner.
  mutating func windowsUpdate(_ section: inout Section) -> Output {
    if let field = section.take("restart_timeout") {
      tell(.loss, "`restart_timeout` of updates is not carried over", at: field.place)
    }
    return .members([
      "type": .string("WindowsUpdate"), "name": .string("update-\(provisionerNumber)"),
      "searchCriteria": text("search_criteria", in: &section).map(Output.string),
      "filters": texts("filters", in: &section).map(Output.strings),
      "updateLimit": integer("update_limit", in: &section).map(Output.number),
    ])
  }
}

/// How a powershell provisioner runs its scripts.
struct PowerShellRun {
  let privilege: PowerShellOptions.Privilege
  let validExitCodes: [Int]?
  let environment: [(name: String, value: String)]

  /// The lines that set the environment.
  var assignments: [String] {
    environment.map { "$env:\($0.name) = \(Self.quoted($0.value))" }
  }

  /// The lines that run a script of the machine in this environment, as Packer does.
  func running(_ path: String) -> [String] {
    assignments + [
      "& '\(path)'", "$code = $LastExitCode", "Remove-Item -Force '\(path)'", "exit $code",
    ]
  }

  func step(_ name: String, inline: [String]? = nil, address: String? = nil) -> Output {
    .members([
      "type": .string("PowerShell"), "name": .string(name),
      "inline": inline.map(Output.strings), "scriptUri": address.map(Output.string),
      "runElevated": privilege == .user ? nil : .bool(true),
      "runAsSystem": privilege == .system ? .bool(true) : nil,
      "validExitCodes": validExitCodes.map { .list($0.map(Output.number)) },
    ])
  }

  /// A text between single quotes, in which PowerShell sees nothing but quotes.
  static func quoted(_ text: String) -> String {
    "'" + text.components(separatedBy: "'").joined(separator: "''") + "'"
  }
}
