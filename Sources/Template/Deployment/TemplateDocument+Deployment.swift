extension TemplateDocument {
  /// Evaluates a deployment template and decodes the image templates in it.
  static func deployment(
    _ root: JSONValue, _ file: String, _ inputs: DeploymentInputs, _ session: EvaluationSession
  ) -> [DocumentReading.Entry] {
    let name = inputs.site.deploymentName ?? fileStem(file)
    let scope = DeploymentScope(
      root, session, inputs.site, name: name, path: "",
      sources: inputs.parameters.mapValues { .given($0.value) }, missing: .asked)
    defer { scope.close() }
    rejectUnknownParameters(inputs, scope)
    var reader = DeploymentReader(session)
    reader.read(DeploymentReader.Level(template: root, scope: scope, frame: EvaluationFrame()))
    for (key, given) in inputs.parameters.sorted(by: { $0.key < $1.key }) {
      // A secret that nobody reads here is no mistake until something asks for it.
      if case .keyVault = given.value { continue }
      if let declaration = scope.declarations[key] { scope.checkGiven(declaration) }
    }
    keepSecrets(of: scope)
    if reader.templates.isEmpty { reportNone(root, reader.skipped, session) }
    reportCircle(reader.templates, session)
    var needed = NeededParameters()
    var entries: [DocumentReading.Entry] = []
    for found in reader.templates {
      if inputs.purpose == .build { needed.add(found.body) }
      guard let template = decode(found.body, inputs.strictness, session, needed.names) else {
        continue
      }
      entries.append(
        DocumentReading.Entry(
          name: found.name ?? template.name ?? name, template: template,
          dependsOn: found.dependsOn))
    }
    needed.report(scope)
    return entries.count == reader.templates.count ? entries : []
  }

  private static func decode(
    _ body: ExpressionValue, _ strictness: Strictness, _ session: EvaluationSession,
    _ asked: Set<String>
  ) -> ImageTemplate? {
    var decoder = TemplateDecoder(version: nil, strictness: strictness)
    decoder.evaluation = OpenValues(body, reported: asked)
    let document = body.withoutUnknownHead.document
    decoder.version = decoder.declaredVersion(document)
    let template = decoder.template(document)
    session.findings.add(decoder.findings)
    return template
  }

  /// Secure parameters that nothing has asked for are secrets all the same.
  private static func keepSecrets(of scope: DeploymentScope) {
    for declaration in scope.declarations.values where declaration.isSecure {
      // A value that cannot be had is reported where it is used.
      _ = try? scope.parameter(declaration.name)
    }
  }

  private static func rejectUnknownParameters(_ inputs: DeploymentInputs, _ scope: DeploymentScope)
  {
    for (key, given) in inputs.parameters.sorted(by: { $0.key < $1.key })
    where scope.declarations[key] == nil {
      let names = scope.declarations.values.map(\.name).sorted()
      let guess = nearest(to: given.name, among: names).map { "did you mean `\(printable($0))`?" }
      scope.session.findings.fail(
        .undeclaredParameter, "the template has no parameter \(quoted(given.name))",
        at: scope.template.fieldMember("parameters")?.keyPosition ?? .start, path: "parameters",
        hint: guess)
    }
  }

  private static func reportNone(_ root: JSONValue, _ skipped: Int, _ session: EvaluationSession) {
    guard !session.findings.hasErrors else { return }
    let place = root.fieldMember("resources")?.keyPosition ?? root.position
    if skipped > 0 {
      session.findings.fail(
        .nothingDeployed,
        "there is nothing to build: the condition of each image template is false", at: place,
        path: "resources", hint: "a parameter may decide: give it with `-p name=value`")
    } else {
      session.findings.fail(
        .noImageTemplate,
        "the deployment has no resource `Microsoft.VirtualMachineImages/imageTemplates`",
        at: place, path: "resources")
    }
  }

  private static func reportCircle(
    _ templates: [DeploymentReader.Found], _ session: EvaluationSession
  ) {
    for (index, found) in templates.enumerated() where found.dependsOn.contains(index) {
      session.findings.fail(
        .circle,
        "the image template \(quoted(found.name ?? "")) depends on itself, through `dependsOn` or "
          + "`reference`",
        at: found.body.position, path: "")
    }
    var done: Set<Int> = []
    while true {
      let ready = templates.indices.filter {
        // What waits for itself was told already.
        !done.contains($0) && templates[$0].dependsOn.subtracting([$0]).isSubset(of: done)
      }
      if ready.isEmpty { break }
      done.formUnion(ready)
    }
    guard done.count < templates.count,
      let first = templates.indices.first(where: { !done.contains($0) })
    else { return }
    let names = templates.indices.filter { !done.contains($0) }
      .map { templates[$0].name ?? "?" }
    session.findings.fail(
      .circle,
      "the image templates \(Evaluator.listed(names)) wait for each other, through "
        + "`dependsOn` or `reference`",
      at: templates[first].body.position, path: "")
  }
}

/// The parameters without a value that a build depends on.
private struct NeededParameters {
  private(set) var names: Set<String> = []

  /// What a local build reads of `properties`.
  private static let parts: Set<String> = ["source", "customize", "validate", "distribute"]

  /// What of these means something to Azure only, or to nobody.
  private static let idle: Set<String> = [
    "artifacttags", "location", "name", "replicationregions", "storageaccounttype", "targetregions",
  ]

  mutating func add(_ body: ExpressionValue) {
    guard let properties = body.member("properties") else { return }
    if case .unknown = properties.content { return collect(properties) }
    guard case .object(let members) = properties.content else { return }
    for member in members where Self.parts.contains(member.key.lowercased()) {
      collect(member.value)
    }
  }

  private mutating func collect(_ value: ExpressionValue) {
    guard value.isOpen else { return }
    switch value.content {
    case .unknown(.parameter(let name)): names.insert(name)
    case .array(let elements): for element in elements { collect(element) }
    case .object(let members):
      for member in members where !Self.idle.contains(member.key.lowercased()) {
        collect(member.value)
      }
    default: break
    }
  }

  func report(_ scope: DeploymentScope) {
    for name in names.sorted() {
      let position = scope.declarations[name.lowercased()]?.position ?? .start
      scope.session.findings.fail(
        .absentParameter, "the build depends on the parameter \(quoted(name)), which has no value",
        at: position,
        path: "parameters", hint: "give it with `-p \(printable(name))=value`")
    }
  }
}

extension ExpressionValue {
  /// The resource without a version or a name that is not known: both may be absent.
  fileprivate var withoutUnknownHead: ExpressionValue {
    guard case .object(let members) = content else { return self }
    let kept = members.filter { member in
      guard ["apiversion", "name"].contains(member.key.lowercased()) else { return true }
      if case .unknown(let reason) = member.value.content { return reason == .failed }
      return true
    }
    // Fewer members than a value that was made already: no limit can be passed.
    return (try? ExpressionValue(.object(kept), at: position, marks: marks)) ?? self
  }
}
