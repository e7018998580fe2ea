/// A resource of a template, in one turn of its loop if it has one.
struct Instance {
  let resource: JSONValue
  var symbol: String?
  var loop: String?
  var turn: Int?
  let frame: EvaluationFrame
  var nested: NestedDeployment?

  /// The type and the name of the resource that this one stands in, where it does.
  var parent: (type: String, name: String)?

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
  func children(in evaluator: Evaluator, depth: Int = 1) -> [Instance] {
    guard depth < Self.deepest, case .array(let elements) = resource.field("resources")?.content,
      let identity = identity(in: evaluator)
    else { return [] }
    return elements.flatMap { element -> [Instance] in
      let child = Instance(resource: element, frame: frame, parent: identity)
      return [child] + child.children(in: evaluator, depth: depth + 1)
    }
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

extension Evaluator {
  /// Looks what a resource asks for that is not evaluated itself: others may wait for it.
  func noteReferences(of literal: JSONValue, _ frame: EvaluationFrame) {
    switch literal.content {
    case .string(let text):
      guard text.lowercased().contains("reference(") else { return }
      _ = quietText(literal, frame)
    case .array(let elements): for element in elements { noteReferences(of: element, frame) }
    case .object(let members):
      for member in members where member.key.lowercased() != "template" {
        noteReferences(of: member.value, frame)
      }
    default: break
    }
  }
}

/// Which resources of a template wait for which.
struct ResourceGraph {
  private struct Node {
    let dependsOn: [String]
    let templates: Range<Int>
  }

  private var nodes: [Node] = []
  private var places: [String: [Int]] = [:]

  /// `/providers/<namespace>/<kind>/<name>…`, as the end of a resource's id.
  static func path(of type: String, _ name: String) -> String {
    let kinds = type.split(separator: "/")
    let names = name.split(separator: "/")
    guard let namespace = kinds.first else { return "" }
    return "/providers/\(namespace)" + zip(kinds.dropFirst(), names).map { "/\($0)/\($1)" }.joined()
  }

  mutating func add(names: [String], dependsOn: [String], templates: Range<Int>) {
    for name in Set(names) { places[name, default: []].append(nodes.count) }
    nodes.append(Node(dependsOn: dependsOn, templates: templates))
  }

  /// Each pair of an earlier and a later template, also through resources between them.
  /// - Throws: where there are too many to look at.
  func orders(
    _ session: EvaluationSession
  ) throws(ExpressionFailure) -> [(earlier: Int, later: Int)] {
    var orders: [(earlier: Int, later: Int)] = []
    for (index, node) in nodes.enumerated() where !node.templates.isEmpty {
      // A name that others have as well may mean one of them.
      if node.dependsOn.contains(where: { matches($0) == [index] }) {
        orders += node.templates.map { ($0, $0) }
      }
      var seen: Set<Int> = [index]
      var open = neighbours(of: node)
      while let next = open.popLast() {
        try session.step()
        guard seen.insert(next).inserted else { continue }
        open += neighbours(of: nodes[next])
        for earlier in nodes[next].templates {
          orders += node.templates.map { (earlier, $0) }
        }
      }
    }
    return orders
  }

  private func neighbours(of node: Node) -> [Int] {
    node.dependsOn.flatMap(matches)
  }

  /// The resources that a name may mean.
  private func matches(_ name: String) -> [Int] {
    if let exact = places[name] { return exact }
    // An id names the subscription and the group as well.
    guard let providers = name.ranges(of: "/providers/").last else { return [] }
    return places[String(name[providers.lowerBound...])] ?? []
  }
}
