/// A value in the document, and where it stands.
struct Node {
  /// What an open value, a placeholder or an expression, leads to.
  enum Weight {
    /// A warning: a build on a host of one's own does without the value.
    case incidental
    /// An error: what is built depends on the value.
    case decisive
  }

  let value: JSONValue
  let path: String
  var weight: Weight

  var position: SourcePosition { value.position }

  /// The same value, on which the result of a build depends.
  var decisive: Node {
    Node(value: value, path: path, weight: .decisive)
  }

  /// The text, if this is a string.
  var string: String? {
    guard case .string(let text) = value.content else { return nil }
    return text
  }
}

/// An object whose field names were checked.
struct Fields {
  let schema: Schema
  var node: Node
  let members: [String: JSONMember]

  /// The field's value; `nil` where it is absent or null, which the service does not tell apart.
  subscript(name: String) -> Node? {
    guard let member = members[name], member.value.content != .null else { return nil }
    let path = node.path.isEmpty ? name : "\(node.path).\(name)"
    return Node(value: member.value, path: path, weight: node.weight)
  }

  /// The numbers that the field may have.
  func range(of name: String) -> ClosedRange<Int> {
    guard case .integer(let range)? = schema[name]?.shape else { return Int.min...Int.max }
    return range
  }
}
