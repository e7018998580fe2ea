import Template

extension Mapper {
  /// The Shell steps, and File steps for their scripts, of a shell provisioner.
  ///
  /// Packer runs everything as the user that it logs in as, a template inline scripts only; and a
  /// template has no environment and no command to run a script by. Where that makes a difference
  /// the script becomes a file on the machine, and an inline script runs it as Packer would.
  mutating func shell(_ section: inout Section) -> [Output] {
    let environment = environment(&section)
    let run = ShellRun(
      command: command(&section), validExitCodes: integers("valid_exit_codes", in: &section) ?? [0],
      restarts: restarts(&section), environment: environment,
      folder: text("remote_folder", in: &section), file: text("remote_file", in: &section),
      path: text("remote_path", in: &section), keeps: flag("skip_clean", in: &section))
    var steps: [Output] = []
    if let lines = texts("inline", in: &section) {
      steps.append(inline(lines, shebang: text("inline_shebang", in: &section), run))
    }
    for script in scripts(&section) { steps += self.script(script, run) }
    if steps.isEmpty, !remarks.contains(where: { $0.kind == .error }) {
      tell(.loss, "a `shell` provisioner without a script does nothing", at: section.place)
    }
    return steps
  }

  /// The command that runs a script, without a password for `sudo`.
  private mutating func command(_ section: inout Section) -> String? {
    guard let field = section.take("execute_command"), !field.value.isEmpty,
      let text = field.value.text
    else { return nil }
    let (command, hadPassword) = ShellRun.withoutPassword(text)
    if hadPassword {
      tell(
        .note, "`execute_command`: the password is left out, since `sudo` asks for none",
        at: field.place)
    } else {
      tellGaps(of: field)
    }
    if ShellRun.holdsOtherActions(command) {
      tell(
        .loss, "`execute_command` holds what is not understood beside `{{.Path}}` and `{{.Vars}}`",
        at: field.place)
    }
    return ShellRun.isStandard(command) ? nil : command
  }

  private mutating func restarts(_ section: inout Section) -> Bool {
    let place = section.place(of: "expect_disconnect")
    guard flag("expect_disconnect", in: &section) else { return false }
    tell(
      .note, "`expect_disconnect`: Kiln goes on after a restart that the script asks for by name",
      at: place, hint: "the service itself fails a step that restarts Linux")
    return true
  }

  private mutating func inline(_ lines: [String], shebang: String?, _ run: ShellRun) -> Output {
    let lines = lines.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
      .map { $0.hasSuffix("\r") ? String($0.dropLast()) : String($0) }
    let name = "shell-\(provisionerNumber)"
    let head = lines.first?.hasPrefix("#!") ?? false ? nil : shebang.map { "#!\($0)" }
    let script = (head.map { [$0] } ?? []) + lines
    let interpreter = script.first.flatMap { $0.hasPrefix("#!") ? $0 : nil }
    if run.isPlain, ShellRun.isShell(interpreter) {
      let rest = interpreter == nil ? script : Array(script.dropFirst())
      let mark = run.restarts ? [ShellRun.restartMark] : []
      return step(name, (interpreter.map { [$0] } ?? []) + run.exports + mark + rest)
    }
    let path = scriptPlace(run)
    let whole = interpreter == nil ? ["#!/bin/sh -e"] + script : script
    return step(name, run.writing(whole, to: path) + run.running(path))
  }

  private mutating func script(_ script: ScriptPath, _ run: ShellRun) -> [Output] {
    if run.isPlainRoot {
      tellOfFiles(at: script.place)
      return [
        .members([
          "type": .string("Shell"), "name": .string(script.name),
          "scriptUri": .string(script.result),
        ])
      ]
    }
    let path = scriptPlace(run)
    tellOfFiles(at: script.place)
    return [
      .members([
        "type": .string("File"), "name": .string("\(script.name)-file"),
        "sourceUri": .string(script.result), "destination": .string(path),
      ]),
      step(script.name, run.running(path)),
    ]
  }

  /// Says, once, what the service makes of a path.
  mutating func tellOfFiles(at place: Place) {
    guard !hasToldOfFiles else { return }
    hasToldOfFiles = true
    tell(
      .note, "scripts and files are named by their paths, from where the template is", at: place,
      hint: "Kiln reads them there; the service needs addresses: upload the files and name those")
  }

  private mutating func scriptPlace(_ run: ShellRun) -> String {
    scriptNumber += 1
    let file = run.file ?? "packer-script-\(scriptNumber).sh"
    return run.path ?? "\(run.folder ?? "/tmp")/\(file)"
  }

  private func step(_ name: String, _ lines: [String]) -> Output {
    .members([
      "type": .string("Shell"), "name": .string(name),
      "inline": .strings(lines.map(harmless)),
    ])
  }

  /// A line that nothing takes for an expression of a deployment: `[name(…)]` gets a space before
  /// it, which means nothing to a shell.
  func harmless(_ line: String) -> String {
    line.hasPrefix("[") && line.hasSuffix("]") && line.contains("(") ? " \(line)" : line
  }
}
