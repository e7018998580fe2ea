/// A resource of a template, in one turn of its loop if it has one.
struct Instance {
  let resource: JSONValue
  let content: Content
  var symbol: String?
  var loop: String?
  var turn: Int?
  let frame: EvaluationFrame
  var nested: NestedDeployment?

  /// The type and the name of the resource that this one stands in, where it does.
  var parent: (type: String, name: String)?

  /// What is the same in each turn.
  struct Content {
    /// Whether it is a deployment that holds an image template.
    let holdsImageTemplate: Bool

    /// The texts that ask for other resources, unless all of it is evaluated in any case.
    let asking: [JSONValue]

    init(of resource: JSONValue) {
      holdsImageTemplate =
        resource.field("properties")?.field("template")?.holdsImageTemplate() ?? false
      asking = resource.isImageTemplate ? [] : resource.askingTexts
    }
  }

  /// How deep resources stand in each other, as Azure has it.
  static let deepest = 5

  /// Whether the resource is there already, and only told of.
  var isExisting: Bool { resource.field("existing")?.content == .bool(true) }

  /// The symbolic names that expressions have for it.
  var symbols: [String] {
    guard let symbol else { return [] }
    return turn.map { ["\(symbol)[\($0)]"] } ?? [symbol]
  }

  /// All names that a `dependsOn` may have for it, in lower case.
  func names(in evaluator: Evaluator) -> [String] {
    var names = symbols
    if turn != nil { names += [symbol, loop].compactMap(\.self) }
    if let (type, name) = identity(in: evaluator) {
      names += [name, ResourceGraph.path(of: type, name), "\(type)/\(name)"]
    }
    return names.filter { !$0.isEmpty }.map { $0.lowercased() }
  }

  /// What its `dependsOn` says, in lower case.
  func dependencies(in evaluator: Evaluator) -> [String] {
    guard case .array(let elements) = resource.field("dependsOn")?.content else {
      return evaluator.quietText(resource.field("dependsOn"), frame).map { [$0.lowercased()] } ?? []
    }
    return elements.compactMap { evaluator.quietText($0, frame)?.lowercased() }
  }

  /// The resources that stand in this one, whose types and names go on where its own end, and
  /// those that stand in them.
  /// - Throws: where there are too many.
  func children(
    in evaluator: Evaluator, depth: Int = 1
  ) throws(ExpressionFailure) -> [Instance] {
    guard depth < Self.deepest, case .array(let elements) = resource.field("resources")?.content,
      let identity = identity(in: evaluator)
    else { return [] }
    var children: [Instance] = []
    for element in elements {
      try evaluator.session.step()
      let child = Instance(
        resource: element, content: content, frame: frame, parent: identity)
      children += [child] + (try child.children(in: evaluator, depth: depth + 1))
    }
    return children
  }

  private func identity(in evaluator: Evaluator) -> (type: String, name: String)? {
    guard let name = evaluator.quietText(resource.field("name"), frame) else { return nil }
    let type = resource.text("type") ?? ""
    return parent.map { ("\($0.type)/\(type)", "\($0.name)/\(name)") } ?? (type, name)
  }
}

extension Evaluator {
  /// A name, where it can be told and is one; a failure matters to nobody here.
  func quietText(_ literal: JSONValue?, _ frame: EvaluationFrame) -> String? {
    guard let literal else { return nil }
    var quiet = frame
    quiet.failures = .thrown
    do throws(ExpressionFailure) {
      guard case .string(let text) = try value(of: literal, in: quiet).content,
        text.utf8.count <= ExpressionLimits.nameBytes
      else { return nil }
      return text
    } catch {
      return nil
    }
  }
}

extension JSONValue {
  /// The texts in it that call `reference`; a nested template has its own.
  fileprivate var askingTexts: [JSONValue] {
    switch content {
    case .string(let text): text.lowercased().contains("reference(") ? [self] : []
    case .array(let elements): elements.flatMap(\.askingTexts)
    case .object(let members):
      members.filter { $0.key.lowercased() != "template" }.flatMap(\.value.askingTexts)
    default: []
    }
  }
}
