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
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard let providers = parts.dropFirst().dropLast().lastIndex(of: "providers") else { return [] }
    return places["/" + parts[providers...].joined(separator: "/")] ?? []
  }
}
