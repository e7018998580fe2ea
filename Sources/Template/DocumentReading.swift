/// What came of reading a document that may hold several image templates.
public struct DocumentReading: Sendable {
  /// An image template, and what must be built before it.
  public struct Entry: Sendable {
    /// The template's name; the file's where it has none.
    public let name: String

    /// The template, with all its expressions evaluated.
    public let template: ImageTemplate

    /// The places of the templates, among all, that must be built before.
    public let dependsOn: Set<Int>
  }

  /// The name that the document was read under, for messages.
  public let file: String

  /// The templates, in the order of the text; none if there is any error.
  public let templates: [Entry]

  /// Everything that was noticed, errors and warnings, in the order of the text.
  public let diagnostics: [Diagnostic]

  /// What can be mended without a doubt about what was meant; see ``Mend/apply(_:to:)``.
  public let mends: [Mend]

  /// The texts of secure parameters, which no log may show.
  public let secrets: Set<String>

  /// The templates in groups: each may be built when all groups before it are.
  public var waves: [[Int]] {
    var waves: [[Int]] = []
    var done: Set<Int> = []
    while done.count < templates.count {
      let ready = templates.indices.filter {
        !done.contains($0) && templates[$0].dependsOn.isSubset(of: done)
      }
      // A circle is an error among the diagnostics, so there is always one.
      guard !ready.isEmpty else { return waves }
      waves.append(ready)
      done.formUnion(ready)
    }
    return waves
  }
}

extension TemplateDocument {
  /// Reads a document: the bare body of an image template, or an ARM deployment template with any
  /// number of them, whose expressions are evaluated with `inputs`.
  public static func readAll(
    _ bytes: [UInt8], named file: String, with inputs: DeploymentInputs
  ) -> DocumentReading {
    let (read, findings) = JSONReader.read(bytes)
    let session = EvaluationSession()
    session.findings.add(findings)
    var entries: [DocumentReading.Entry] = []
    if let read {
      var placeholders = Placeholders(inputs)
      let root = placeholders.fill(read)
      placeholders.reportUnused(in: &session.findings)
      if isDeployment(root) {
        entries = deployment(root, file, inputs, session)
      } else {
        rejectParameters(inputs, session)
        entries = bare(root, file, inputs.strictness, session)
      }
    }
    let complete = session.findings.hasErrors ? [] : entries
    let cover = SecretCover(session.secrets)
    return DocumentReading(
      file: file, templates: complete,
      diagnostics: session.findings.sorted.map { $0.hiding(cover) },
      mends: session.findings.mends, secrets: session.secrets)
  }

  private static func bare(
    _ root: JSONValue, _ file: String, _ strictness: Strictness, _ session: EvaluationSession
  ) -> [DocumentReading.Entry] {
    var decoder = TemplateDecoder(version: nil, strictness: strictness)
    defer { session.findings.add(decoder.findings) }
    guard !decoder.reportOtherDocument(root) else { return [] }
    decoder.version = decoder.declaredVersion(root)
    guard let template = decoder.template(root) else { return [] }
    let name = template.name ?? fileStem(file)
    return [DocumentReading.Entry(name: name, template: template, dependsOn: [])]
  }

  private static func rejectParameters(_ inputs: DeploymentInputs, _ session: EvaluationSession) {
    for (name, _) in inputs.parameters.values.sorted(by: { $0.name < $1.name }) {
      session.findings.fail(
        .undeclaredParameter,
        "there is no parameter \(quoted(name)) to set: this is no ARM deployment template",
        at: .start, path: "", hint: "`--set` fills in a placeholder `<name>`")
    }
  }

  /// Whether a document is an ARM deployment template.
  static func isDeployment(_ root: JSONValue) -> Bool {
    guard case .object = root.content else { return false }
    let schema = root.text("$schema")?.lowercased() ?? ""
    if schema.contains("deploymentparameters") { return false }
    return schema.contains("deploymenttemplate") || root.field("resources") != nil
  }

  /// The file's name without its folder and its ending, as a deployment is called after it.
  static func fileStem(_ file: String) -> String {
    let name = file.split(separator: "/").last ?? "template"
    let stem = name.split(separator: ".").first ?? name
    let kept = stem.unicodeScalars.map { scalar in
      scalar.isASCII && isResourceName(String(scalar)) ? Character(scalar) : "-"
    }
    return kept.isEmpty ? "template" : String(kept.prefix(64))
  }
}

extension Diagnostic {
  /// The same without any secret.
  fileprivate func hiding(_ secrets: SecretCover) -> Diagnostic {
    guard !secrets.isEmpty else { return self }
    let hide = { (text: String) in secrets.covering(text) }
    return Diagnostic(
      severity, code, hide(message), at: position, path: path, hint: hint.map(hide),
      refusal: refusal.map { Refusal(wording: $0.wording.map(hide)) })
  }
}
