import Template

extension Mapper {
  /// Takes out of a provisioner what generalizes the machine, since the service and Kiln do that
  /// themselves at the end; whether nothing else is left.
  ///
  /// Done twice, it would end the build: the machine's user is gone afterwards.
  mutating func generalizesOnly(_ section: inout Section) -> Bool {
    guard section.kind == "shell" || section.kind == "powershell" else { return false }
    var isInlineGone = false
    if let index = section.fields.firstIndex(where: { $0.name == "inline" }) {
      let field = section.fields[index]
      guard let lines = lines(of: field.value),
        let rest = section.kind == "shell"
          ? withoutDeprovisioning(lines, at: field.place) : withoutSysprep(lines, at: field.place)
      else { return false }
      let value = Value(.list(rest.map(Value.string)), gaps: field.value.allGaps)
      section.fields[index] = PackerField(name: "inline", place: field.place, value: value)
      isInlineGone = rest.isEmpty
      if isInlineGone { section.fields.remove(at: index) }
    }
    let scripts = removeGeneralizingScripts(&section)
    let isEmpty = !section.fields.contains {
      ["inline", "script", "scripts"].contains($0.name) && !$0.value.isEmpty
        && $0.value.content != .list([])
    }
    return isEmpty && (isInlineGone || scripts)
  }

  private func lines(of value: Value) -> [String]? {
    if let text = value.text { return Self.split(text) }
    guard case .list(let values) = value.content else { return nil }
    let texts = values.compactMap(\.text)
    return texts.count == values.count ? texts.flatMap(Self.split) : nil
  }

  private static func split(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// The lines without those that call `waagent -deprovision`; `nil` if none does.
  private mutating func withoutDeprovisioning(_ lines: [String], at place: Place) -> [String]? {
    let isMeant = { (line: String) in
      !line.drop { $0 == " " }.hasPrefix("#") && line.contains("waagent")
        && line.contains("-deprovision")
    }
    let found = lines.filter(isMeant)
    guard !found.isEmpty else { return nil }
    for line in found {
      if Self.commands(of: line).allSatisfy(Self.belongsToDeprovisioning) {
        tell(.note, "\(quoted(line)) is left out: Kiln deprovisions at the end itself", at: place)
      } else {
        tell(
          .loss, "\(quoted(line)) is left out whole: Kiln deprovisions at the end itself",
          at: place,
          hint: "put the rest of the line into a step, if it matters")
      }
    }
    let rest = lines.filter { !isMeant($0) }
    let isTrivial = rest.allSatisfy { line in
      Self.commands(of: line).allSatisfy(Self.belongsToDeprovisioning)
    }
    if isTrivial, !rest.isEmpty {
      tell(.note, "what only waits for the deprovisioning is left out with it", at: place)
    }
    return isTrivial ? [] : rest
  }

  private static func commands(of line: String) -> [String] {
    var line = line.drop { $0 == " " || $0 == "\t" }
    if line.hasPrefix("#") { return [] }
    while line.last == " " || line.last == ";" { line.removeLast() }
    return line.split { $0 == "&" || $0 == ";" }
      .map { $0.trimmingPrefix { $0 == " " } }.filter { !$0.isEmpty }.map(String.init)
  }

  /// Whether a command is `waagent -deprovision`, or one that stands beside it for no other end.
  private static func belongsToDeprovisioning(_ command: String) -> Bool {
    var words = command.split(separator: " ").map(String.init)
    while words.first == "sudo" || words.first == "-E" { words.removeFirst() }
    guard let first = words.first else { return true }
    if first.split(separator: "/").last == "waagent" {
      return words.contains { $0.contains("-deprovision") }
    }
    if first == "export" { return words.dropFirst().allSatisfy { $0.hasPrefix("HIST") } }
    return first == "sync" || (first == "sleep" && words.count == 2)
  }

  /// The lines without those that run Sysprep and what only serves it; `nil` if none does.
  private mutating func withoutSysprep(_ lines: [String], at place: Place) -> [String]? {
    let start = lines.firstIndex { line in
      let plain = line.lowercased()
      return !plain.drop { $0 == " " }.hasPrefix("#") && plain.contains("sysprep")
        && plain.contains("generalize") && (plain.contains("/gen") || plain.contains("-gen"))
    }
    guard let start else { return nil }
    let before = lines[..<start].filter { !Self.servesSysprep($0) }
    let after = lines[(start + 1)...]
    let waits = after.isEmpty || after.contains { $0.lowercased().contains("imagestate") }
    let isMessage = before.allSatisfy { $0.lowercased().drop { $0 == " " }.hasPrefix("write-") }
    tell(
      waits ? .note : .loss,
      "\(quoted(lines[start])) and the \(after.count) lines after it are left out: Kiln "
        + "deprovisions at the end itself", at: place,
      hint: "a script can edit `C:\\DeprovisioningScript.ps1` where Sysprep needs other options")
    if before.count < start || (isMessage && !before.isEmpty) {
      tell(.note, "the lines before it that only serve Sysprep are left out too", at: place)
    }
    return isMessage ? [] : Array(before)
  }

  /// Whether a line waits for Azure's agents, or clears the way for Sysprep, or does nothing.
  private static func servesSysprep(_ line: String) -> Bool {
    let plain = line.lowercased().trimmingPrefix { $0 == " " }
    if plain.isEmpty || plain.hasPrefix("#") { return true }
    let waits =
      plain.contains("get-service") && (plain.contains("rdagent") || plain.contains("windowsazure"))
    return waits || (plain.contains("unattend.xml") && plain.contains("sysprep"))
  }

  /// Takes out scripts that generalize; whether there was one.
  private mutating func removeGeneralizingScripts(_ section: inout Section) -> Bool {
    var found = false
    for name in ["script", "scripts"] {
      guard let index = section.fields.firstIndex(where: { $0.name == name }) else { continue }
      let field = section.fields[index]
      var values = [field.value]
      if case .list(let items) = field.value.content { values = items }
      let rest = values.filter { !generalizes($0) }
      guard rest.count < values.count else { continue }
      found = true
      for value in values where generalizes(value) {
        tell(
          .loss,
          "the script \(quoted(value.text ?? "")) generalizes the machine and is left out: "
            + "Kiln does so at the end itself", at: field.place,
          hint: "put what else it does into another script")
      }
      section.fields[index] = PackerField(
        name: name, place: field.place, value: Value(.list(rest), gaps: field.value.gaps))
    }
    return found
  }

  /// Whether a script generalizes, by its text, or by its name where there is none to read.
  private func generalizes(_ value: Value) -> Bool {
    guard let path = value.text else { return false }
    if case .file(let text?) = surroundings.look(normalized(path)) {
      return Self.split(text).contains { line in
        let plain = line.lowercased().trimmingPrefix { $0 == " " || $0 == "\t" }
        let runs = plain.contains("waagent") && plain.contains("-deprovision")
        let seals = plain.contains("sysprep") && plain.contains("/generalize")
        return !plain.hasPrefix("#") && (runs || seals)
      }
    }
    let name = path.split(separator: "/").last?.lowercased() ?? ""
    return ["sysprep", "deprovision", "generalize", "generalise"].contains { name.contains($0) }
  }
}
