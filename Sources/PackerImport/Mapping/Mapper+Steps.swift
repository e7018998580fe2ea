import Template

extension Mapper {
  /// The customizers for a provisioner; none for one that is left out, which is told.
  mutating func steps(_ provisioner: Section) -> [Output] {
    provisionerNumber += 1
    var section = provisioner
    guard runs(&section) else { return [] }
    applyOverride(&section)
    guard Self.provisionerKinds.contains(section.kind) else {
      tellUnknown(section)
      return []
    }
    guard !generalizesOnly(&section) else { return [] }
    var steps = pause("pause_before", &section)
    switch section.kind {
    case "shell": steps += shell(&section)
    case "powershell": steps += powerShell(&section)
    case "file": steps += file(&section)
    case "windows-restart": steps += [windowsRestart(&section)]
    default: steps += [windowsUpdate(&section)]
    }
    steps += pause("pause_after", &section)
    tellRest(of: section, by: Self.stepFields)
    return steps
  }

  private static let provisionerKinds = [
    "shell", "powershell", "file", "windows-restart", "windows-update",
  ]

  private mutating func tellUnknown(_ section: Section) {
    switch section.kind {
    case "breakpoint":
      tell(.note, "a breakpoint has no place in a template", at: section.place)
    case "shell-local":
      tell(
        .loss, "a \(quoted(section.kind)) provisioner is not carried over: it runs on your machine",
        at: section.place, hint: "run it before `kiln build`")
    default:
      tell(
        .loss, "a \(quoted(section.kind)) provisioner is not carried over", at: section.place,
        hint: "write a script that does the same, and a Shell or PowerShell step that runs it")
    }
  }

  /// Whether the provisioner is for the source that is imported.
  private mutating func runs(_ section: inout Section) -> Bool {
    let only = section.take("only")
    let except = section.take("except")
    let isMeant = only?.value.pairs.contains { matches(source, $0.value.text ?? "") } ?? true
    let isExcepted = except?.value.pairs.contains { matches(source, $0.value.text ?? "") } ?? false
    guard let field = isMeant ? except : only, !isMeant || isExcepted else { return true }
    tell(
      .note, "\(quoted(field.name)): the \(quoted(section.kind)) provisioner is for other sources",
      at: field.place)
    return false
  }

  /// Puts what `override` says of this source in its place.
  private mutating func applyOverride(_ section: inout Section) {
    guard let field = section.take("override") else { return }
    var others: [String] = []
    if field.value.members == nil {
      tell(.loss, "`override` is no object: it is left out", at: field.place)
    }
    for member in field.value.members ?? [] {
      guard matches(source, member.key), let fields = member.value.members else {
        others.append(member.key)
        continue
      }
      section.override(
        with: fields.map { PackerField(name: $0.key, place: field.place, value: $0.value) })
    }
    if !others.isEmpty {
      tell(
        .note,
        "`override` of other sources is left out: \(others.map(quoted).joined(separator: ", "))",
        at: field.place)
    }
  }

  /// A step that waits, for a pause: a template has no field for it.
  private mutating func pause(_ name: String, _ section: inout Section) -> [Output] {
    guard let field = section.take(name), !field.value.isEmpty else { return [] }
    guard let text = field.value.text, let duration = GoDuration(text) else {
      tell(
        .loss, "\(quoted(name)) is no length of time: the pause is left out", at: field.place)
      return []
    }
    let whole = duration.duration.components
    let seconds = whole.seconds + (whole.attoseconds > 0 ? 1 : 0)
    guard seconds > 0 else { return [] }
    tell(.note, "\(quoted(name)): a step of its own waits \(seconds) seconds", at: field.place)
    let isWindows = system == .windows
    return [
      .members([
        "type": .string(isWindows ? "PowerShell" : "Shell"),
        "name": .string("pause-\(provisionerNumber)"),
        "inline": .strings([isWindows ? "Start-Sleep -Seconds \(seconds)" : "sleep \(seconds)"]),
      ])
    ]
  }

  /// What is known of fields that several kinds of provisioners have and no template has.
  private static let stepFields: [String: KnownField] = Dictionary([
    (
      "start_retry_timeout",
      .note("Kiln connects again by itself, and starts a step once")
    ),
    ("elevated_password", .note("secrets are not copied, and the service needs none here")),
    ("max_retries", .loss("a step of a template is not tried again")),
    ("timeout", .loss("a step of a template has no time limit of its own: the build has one")),
    ("keep_input_artifact generated", .note("it is about files that Packer makes")),
    (
      "execution_policy",
      .note("the service and Kiln run scripts with the policy `bypass`")
    ),
    ("remote_path remote_env_var_path", .note("the service and Kiln choose the script's place")),
    ("skip_clean", .note("the service and Kiln remove their scripts")),
    ("debug_mode use_pwsh", .loss("a template's scripts are run by Windows PowerShell, plainly")),
    (
      "execute_command elevated_execute_command",
      .loss("a template does not say by which command a PowerShell script is run")
    ),
    ("use_env_var_file env_var_format", .note("the script itself sets its environment")),
    ("inline_shebang", .note("it counts only with `inline`")),
    ("binary", .note("a file arrives as it is")),
    ("remote_folder remote_file", .note("it counts only with an `execute_command`")),
    (
      "username password", .note("updates run as the system's own account: none signs in")
    ),
    ("update_max_retries", .loss("a template does not say how often an update is tried")),
    (
      "check_registry registry_keys",
      .loss("a restart of a template does not wait for the registry")
    ),
  ])
}

extension Mapper {
  /// The environment that a provisioner gives its scripts, by name.
  mutating func environment(_ section: inout Section) -> [(name: String, value: String)] {
    var entries: [(name: String, value: String)] = []
    let place = section.place(of: "environment_vars")
    for item in texts("environment_vars", in: &section) ?? [] {
      guard let equals = item.firstIndex(of: "=") else {
        tell(.loss, "\(quoted(item)) is no `NAME=value`: it is left out", at: place)
        continue
      }
      entries.append((String(item[..<equals]), String(item[item.index(after: equals)...])))
    }
    entries += self.entries("env", in: &section)
    return entries.filter { isVariable($0.name, at: section.place) }.map { entry in
      guard isSecretName(entry.name), !entry.value.isEmpty, !entry.value.hasPrefix("<") else {
        return entry
      }
      let gap = Gap(entry.name, "the environment variable `\(entry.name)`", .secret)
      tellGaps(of: PackerField(name: "environment_vars", place: section.place, value: .open(gap)))
      return (entry.name, gap.placeholder)
    }.sorted { $0.name < $1.name }
  }

  private mutating func isVariable(_ name: String, at place: Place) -> Bool {
    let isName =
      name.first.map { !$0.isNumber } ?? false
      && name.utf8.allSatisfy {
        HCLParser.continuesName($0) && $0 != UInt8(ascii: "-") && $0 < 0x80
      }
    if !isName { tell(.loss, "\(quoted(name)) is no name of an environment variable", at: place) }
    return isName
  }

  /// The paths of `script` and `scripts`, from the result's directory.
  mutating func scripts(_ section: inout Section) -> [ScriptPath] {
    var paths: [ScriptPath] = []
    for name in ["script", "scripts"] {
      guard let field = section.take(name), !field.value.isEmpty else { continue }
      if case .list(let values) = field.value.content {
        paths += values.compactMap { scriptPath($0, at: field.place) }
      } else if let path = scriptPath(field.value, at: field.place) {
        paths.append(path)
      }
    }
    return paths
  }

  private mutating func scriptPath(_ value: Value, at place: Place) -> ScriptPath? {
    guard let path = address(value, at: place, "the path of a script") else { return nil }
    let script = ScriptPath(path: normalized(path), result: resultPath(path), place: place)
    if case .missing = surroundings.look(script.path) {
      tell(
        .note, "there is no file \(quoted(script.path)) here: the template names it all the same",
        at: place)
    }
    return script
  }

  /// A path as the result names it: from its own directory.
  func resultPath(_ path: String) -> String {
    path.hasPrefix("/") || path.contains("://") || surroundings.base.isEmpty
      ? normalized(path) : normalized("\(surroundings.base)/\(path)")
  }

  /// Takes `.` and `..` out of a path where that is possible.
  func normalized(_ path: String) -> String {
    guard !path.contains("://") else { return path }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    let plain = parts.joined(separator: "/")
    return path.hasPrefix("/") ? "/\(plain)" : (plain.isEmpty ? "." : plain)
  }
}

/// A script's file: where it is now, and what the result calls it.
struct ScriptPath {
  /// From the directory in which Packer would run.
  let path: String
  /// From the result's directory.
  let result: String
  let place: Place

  /// The file's own name.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}
