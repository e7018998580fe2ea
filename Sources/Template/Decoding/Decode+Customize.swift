extension TemplateDecoder {
  private static let shellSchema = Schema(
    subject: "a Shell step",
    fields: [
      Field("type"), Field("name"), Field("inline", since: .v2019_02_01_preview),
      Field("scriptUri", since: .v2019_05_01_preview),
      Field("sha256Checksum", since: .v2019_05_01_preview),
    ])

  private static let powerShellSchema = Schema(
    subject: "a PowerShell step",
    fields: shellSchema.fields + [
      Field("validExitCodes"), Field("runElevated", since: .v2019_05_01_preview),
      Field("runAsSystem", since: .v2020_02_14),
    ])

  private static let fileSchema = Schema(
    subject: "a File step",
    fields: [
      Field("type"), Field("name"), Field("sourceUri"), Field("destination"),
      Field("sha256Checksum"),
    ])

  /// What is done to the image; nothing where the field is absent.
  mutating func customizers(_ properties: Fields) -> [Customizer] {
    let types = [
      Choice("Shell"), Choice("PowerShell", since: .v2019_02_01_preview),
      Choice("File", since: .v2019_05_01_preview),
      Choice("WindowsRestart", since: .v2019_02_01_preview),
      Choice("WindowsUpdate", since: .v2020_02_14),
    ]
    return steps("customize", "a customizer", in: properties, among: types)
  }

  /// The steps of an array, in order.
  mutating func steps(
    _ name: String, _ subject: String, in fields: Fields, among types: [Choice]
  ) -> [Customizer] {
    var fields = fields
    fields.node.weight = .decisive
    return (objects(name, in: fields) ?? []).enumerated().compactMap { index, node in
      step(node, at: index, subject, among: types)
    }
  }

  private mutating func step(
    _ node: Node, at index: Int, _ subject: String, among types: [Choice]
  ) -> Customizer? {
    let decoded: (fields: Fields?, content: (Customizer.Action, SourcePosition)?)
    switch discriminator("type", of: node, subject, among: types) {
    case "Shell":
      decoded = with(node, Self.shellSchema) { $0.script($1).map { (.shell($0), $1) } }
    case "PowerShell":
      decoded = with(node, Self.powerShellSchema) { $0.powerShell($1) }
    case "File":
      decoded = with(node, Self.fileSchema) { $0.file($1) }
    case "WindowsRestart":
      decoded = with(node, Self.windowsRestartSchema) { $0.windowsRestart($1) }
    case "WindowsUpdate":
      decoded = with(node, Self.windowsUpdateSchema) { $0.windowsUpdate($1) }
    default:
      return nil
    }
    let name = decoded.fields.flatMap { text("name", in: $0, as: .label) }
    guard let content = decoded.content else { return nil }
    return Customizer(
      name: name ?? "", index: index, position: node.position, contentPosition: content.1,
      action: content.0)
  }

  private typealias Content = (Customizer.Action, SourcePosition)

  private mutating func with(
    _ node: Node, _ schema: Schema, _ decode: (inout TemplateDecoder, Fields) -> Content?
  ) -> (Fields?, Content?) {
    guard let fields = fields(of: node, as: schema) else { return (nil, nil) }
    return (fields, decode(&self, fields))
  }

  private mutating func powerShell(_ fields: Fields) -> Content? {
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
    guard let source, let destination, let node = fields["sourceUri"] else { return nil }
    let transfer = FileTransfer(sourceURI: source, sha256: sha256, destination: destination)
    return (.file(transfer), node.position)
  }
}
