import Template

extension Mapper {
  /// The File steps of a file provisioner.
  mutating func file(_ section: inout Section) -> [Output] {
    let direction = text("direction", in: &section)
    guard direction != "download" else {
      tell(
        .loss, "a template brings no files back: this download is not carried over",
        at: section.place)
      section.fields.removeAll()
      return []
    }
    guard let field = section.take("destination"),
      let destination = address(field.value, at: field.place, "`destination`")
    else {
      tell(.loss, "a `file` provisioner without a destination does nothing", at: section.place)
      return []
    }
    if let field = section.take("content"), let content = field.value.text {
      tellGaps(of: field)
      return [writing(content, to: destination)]
    }
    var steps: [Output] = []
    for name in ["source", "sources"] {
      guard let field = section.take(name), !field.value.isEmpty else { continue }
      var values = [field.value]
      if case .list(let items) = field.value.content { values = items }
      steps += values.compactMap { copy($0, to: destination, at: field.place) }
    }
    return steps
  }

  private mutating func copy(_ value: Value, to destination: String, at place: Place) -> Output? {
    guard let source = address(value, at: place, "the path of a file") else { return nil }
    let path = normalized(source)
    let entry = surroundings.look(path)
    if case .directory = entry { return tellDirectory(source, at: place) }
    if source.hasSuffix("/") { return tellDirectory(source, at: place) }
    if case .missing = entry {
      tell(
        .note, "there is no file \(quoted(path)) here: the template names it all the same",
        at: place, hint: "if it is a directory, put it into an archive: a File step copies one file"
      )
    }
    tellOfFiles(at: place)
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let isFolder = destination.hasSuffix("/") || destination.hasSuffix("\\")
    if system == .linux, !destination.hasPrefix("/tmp/") {
      tell(
        .note, "the service copies files to `/tmp` only: Kiln to wherever the login user may write",
        at: place)
    }
    return .members([
      "type": .string("File"), "name": .string(name), "sourceUri": .string(resultPath(source)),
      "destination": .string(isFolder ? destination + name : destination),
    ])
  }

  private mutating func tellDirectory(_ source: String, at place: Place) -> Output? {
    tell(
      .loss, "\(quoted(source)) is a directory, which a File step can't copy", at: place,
      hint: "put it into an archive, copy that, and unpack it in a script")
    return nil
  }

  /// A step that writes a file with this content.
  private func writing(_ content: String, to destination: String) -> Output {
    let isWindows = system == .windows
    let line =
      isWindows
      ? "[IO.File]::WriteAllText(\(PowerShellRun.quoted(destination)), "
        + "\(PowerShellRun.quoted(content)))"
      : "printf '%s' \(ShellRun.quoted(content)) > \(ShellRun.word(destination))"
    return .members([
      "type": .string(isWindows ? "PowerShell" : "Shell"),
      "name": .string("file-\(provisionerNumber)"),
      "inline": .strings([harmless(line)]),
    ])
  }
}
