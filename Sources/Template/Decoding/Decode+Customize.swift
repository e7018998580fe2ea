extension TemplateDecoder {
  /// What is done to the image; nothing where the field is absent.
  mutating func customizers(_ properties: Fields) -> [Customizer] {
    let steps = steps("customize", in: properties, among: .customizers)
    checkSystems(steps)
    return steps
  }

  /// The steps of an array, in order.
  mutating func steps(
    _ name: String, in fields: Fields, among kinds: Union
  ) -> [Customizer] {
    var fields = fields
    fields.node.weight = .decisive
    return (objects(name, in: fields) ?? []).enumerated().compactMap { index, node in
      step(node, at: index, among: kinds)
    }
  }

  private mutating func step(
    _ node: Node, at index: Int, among kinds: Union
  ) -> Customizer? {
    guard let (kind, fields) = variant(of: node, among: kinds) else { return nil }
    let name = text("name", in: fields, as: .label)
    let content: Content? =
      switch kind {
      case "Shell": shell(fields)
      case "PowerShell": powerShell(fields)
      case "File": file(fields)
      case "WindowsRestart": windowsRestart(fields)
      case "WindowsUpdate": windowsUpdate(fields)
      default: nil
      }
    guard let content else { return nil }
    return Customizer(
      name: name ?? "", index: index, position: node.position, contentPosition: content.1,
      action: content.0)
  }

  private typealias Content = (Customizer.Action, SourcePosition)

  private mutating func shell(_ fields: Fields) -> Content? {
    checkRestart(fields, in: .linux)
    return script(fields).map { script, position in (.shell(script), position) }
  }

  private mutating func powerShell(_ fields: Fields) -> Content? {
    checkRestart(fields, in: .windows)
    let options = powerShellOptions(fields)
    return script(fields).map { script, position in (.powerShell(script, options), position) }
  }

  private mutating func powerShellOptions(_ fields: Fields) -> PowerShellOptions {
    let elevated = flag("runElevated", in: fields)
    let system = flag("runAsSystem", in: fields)
    if system, !elevated, let node = fields["runAsSystem"] {
      warn(
        node, .runAsSystemAlone,
        "`runAsSystem` counts only with `runElevated`: the script runs as the build user",
        hint: "add `\"runElevated\": true`")
    }
    let privilege: PowerShellOptions.Privilege =
      elevated ? (system ? .system : .elevated) : .user
    let codes = fields["validExitCodes"].flatMap { elements($0) } ?? []
    let valid = Set(codes.compactMap { integer($0) })
    return valid.isEmpty
      ? PowerShellOptions(privilege: privilege)
      : PowerShellOptions(privilege: privilege, validExitCodes: valid)
  }

  private mutating func file(_ fields: Fields) -> Content? {
    let source = requiredText("sourceUri", in: fields, as: .address)
    let destination = requiredText("destination", in: fields, as: .address)
    let sha256 = checksum(fields)
    if let destination, let node = fields["destination"] { checkDestination(destination, node) }
    guard let source, let destination, let node = fields["sourceUri"] else { return nil }
    let transfer = FileTransfer(sourceURI: source, sha256: sha256, destination: destination)
    return (.file(transfer), node.position)
  }
}
