/// What came of reading a template.
public struct TemplateReading: Sendable {
  /// The name that the document was read under, for messages.
  public let file: String

  /// The template; `nil` if there is any error.
  public let template: ImageTemplate?

  /// Everything that was noticed, errors and warnings, in the order of the text.
  public let diagnostics: [Diagnostic]

  /// What can be mended without a doubt about what was meant; see ``Mend/apply(_:to:)``.
  public let mends: [Mend]

  /// All diagnostics as text for people, one after the other.
  public var renderedDiagnostics: String {
    diagnostics.map { $0.rendered(in: file) }.joined(separator: "\n")
  }
}

/// A template as text: the one way from bytes to an ``ImageTemplate``.
///
/// A document is the bare body of an image template, as `az image builder create` takes it, or an
/// ARM deployment template that holds image templates.
public enum TemplateDocument {
  /// Reads a template and says all that is wrong with it, at once.
  ///
  /// `apiVersion` in the document decides which fields are known, and from 2024-02-01 on unknown
  /// ones are errors, as they are for the service. Without a version that exists, all fields are
  /// known and unknown ones are warnings.
  ///
  /// Of a deployment template, the parameters have their defaults.
  public static func read(
    _ bytes: [UInt8], named file: String, _ strictness: Strictness = .byVersion
  ) -> TemplateReading {
    var inputs = DeploymentInputs(site: DeploymentSite(secondsSince1970: 0), purpose: .check)
    inputs.strictness = strictness
    let reading = readAll(bytes, named: file, with: inputs)
    var diagnostics = reading.diagnostics
    if reading.templates.count > 1 {
      let names = reading.templates.map { quoted($0.name) }.joined(separator: ", ")
      diagnostics.append(
        Diagnostic(
          .error, .severalTemplates,
          "the document holds \(reading.templates.count) image templates, not one: \(names)",
          at: .start, path: ""))
    }
    return TemplateReading(
      file: file, template: reading.templates.count == 1 ? reading.templates[0].template : nil,
      diagnostics: diagnostics, mends: reading.mends)
  }

  /// Reads a template that was sent to an API of this version: it counts, and `apiVersion` in the
  /// document does not, as the service has it.
  public static func read(
    _ bytes: [UInt8], named file: String, sentTo version: APIVersion
  ) -> TemplateReading {
    let (root, findings) = JSONReader.read(bytes)
    var decoder = TemplateDecoder(version: version)
    decoder.findings.add(findings)
    var template: ImageTemplate?
    if let root, !decoder.reportOtherDocument(root) { template = decoder.template(root) }
    let complete = decoder.findings.hasErrors ? nil : template
    return TemplateReading(
      file: file, template: complete, diagnostics: decoder.findings.sorted,
      mends: decoder.findings.mends)
  }
}
