/// Turns a template's JSON into the model, and gathers everything that is wrong with it.
///
/// Each part has an extension of its own; `nil` from one of them means that the part is absent
/// or that an error is among the findings.
struct TemplateDecoder {
  /// The version whose rules count; `nil` for the newest fields under the old, lenient rules.
  var version: APIVersion?

  var findings = Findings()

  /// What evaluation left open; `nil` where nothing was evaluated.
  var evaluation: OpenValues?

  private var reportedPlaceholders: Set<String> = []

  private let strictness: Strictness

  init(version: APIVersion?, strictness: Strictness = .byVersion) {
    self.version = version
    self.strictness = strictness
  }

  /// Whether unknown fields and names in another case are errors.
  var refusesUnknownFields: Bool {
    switch strictness {
    case .byVersion: version?.refusesUnknownFields ?? false
    case .strict: true
    case .lenient: false
    }
  }

  mutating func fail(
    _ node: Node, _ code: Diagnostic.Code, _ message: String, hint: String? = nil,
    service: ServiceFault = .unworded
  ) {
    add(.error, node, code, message, hint, service)
  }

  /// Reports what a build does with; where the service does not, `service` says what it finds, and
  /// the strict manner makes an error of it.
  mutating func warn(
    _ node: Node, _ code: Diagnostic.Code, _ message: String, hint: String? = nil,
    service: ServiceFault? = nil
  ) {
    let isError = service != nil && strictness == .strict
    add(isError ? .error : .warning, node, code, message, hint, service)
  }

  /// Notes that the string at `node` can be mended, to a JSON text.
  mutating func mend(_ node: Node, to new: String) {
    guard let old = node.string else { return }
    findings.mend(.string(old: old, new: new), at: node.position)
  }

  private mutating func add(
    _ severity: Diagnostic.Severity, _ node: Node, _ code: Diagnostic.Code, _ message: String,
    _ hint: String?, _ service: ServiceFault?
  ) {
    findings.add(
      Diagnostic(
        severity, code, message, at: node.position, path: node.path, hint: hint,
        refusal: service.map { Diagnostic.Refusal(wording: $0.wording(of: node)) }))
  }

  /// Reports what `text` leaves open, by the weight of the node.
  /// - Returns: whether it leaves anything open.
  mutating func reportUnresolved(_ text: String, in node: Node) -> Bool {
    if let evaluation, isExpression(text) { return reportOpen(evaluation, text, in: node) }
    switch (Unresolved(text), node.weight) {
    case (nil, _):
      return false
    case (.expression, .decisive):
      fail(
        node, .openExpression,
        "cannot use the ARM expression \(quoted(text)): nothing evaluates it here",
        hint: "write the value itself")
    case (.expression, .incidental):
      warn(
        node, .openExpression,
        "the ARM expression \(quoted(text)) is not evaluated: it stays as it is")
    case (.placeholders(let names), .decisive):
      fail(
        node, .openPlaceholder,
        "cannot use \(quoted(text)): the placeholder \(quoted("<\(names[0])>")) is not filled in",
        hint: "write the value in its place, or give it with \(Self.setting(names[0]))")
    case (.placeholders(let names), .incidental):
      for name in names where reportedPlaceholders.insert(name).inserted {
        warn(
          node, .openPlaceholder, "the placeholder \(quoted("<\(name)>")) is not filled in",
          hint: "Azure needs a value in its place; \(Self.setting(name)) gives one")
      }
    }
    return true
  }

  /// The option that fills a placeholder in; of a name that nobody would type it keeps silent.
  private static func setting(_ name: String) -> String {
    "`--set \(name.utf8.count <= 80 ? name : "name")=value`"
  }
}
