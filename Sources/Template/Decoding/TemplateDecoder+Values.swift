/// How much of a text may be left open.
enum TextRole {
  /// A name or an id: placeholders and expressions may stay.
  case label
  /// Where something is fetched from or put: nothing may stay open.
  case address
  /// Text that the guest runs: `<x>` may mean anything there, an expression is a mistake.
  case command
}

extension TemplateDecoder {
  /// The node's text; `nil` with an error where it is none, or leaves open what it must not.
  mutating func text(_ node: Node, as role: TextRole) -> String? {
    guard let text = node.string else {
      fail(node, .wrongType, "must be a string, not \(node.value.spoken)")
      return nil
    }
    if text.utf8.contains(0) {
      fail(
        node, .zeroCharacter, "must not hold a zero character: every program ends the text there")
      return nil
    }
    switch role {
    case .label:
      _ = reportUnresolved(text, in: Node(value: node.value, path: node.path, weight: .incidental))
    case .address:
      if reportUnresolved(text, in: node.decisive) { return nil }
    case .command:
      if isExpression(text), reportUnresolved(text, in: node.decisive) { return nil }
    }
    return text
  }

  /// The text of a field; `nil` where it is absent.
  mutating func text(_ name: String, in fields: Fields, as role: TextRole) -> String? {
    fields[name].flatMap { text($0, as: role) }
  }

  /// The text of a field that must not be empty; that it is there is checked with its name.
  mutating func requiredText(_ name: String, in fields: Fields, as role: TextRole) -> String? {
    guard let node = fields[name], let text = text(node, as: role) else { return nil }
    if text.isEmpty {
      fail(
        node, .emptyValue,
        "\(fields.schema.subject) needs a value for `\(name)`, not an empty string",
        service: .badValue)
      return nil
    }
    return text
  }

  /// A whole number that the schema allows, also between quotes; `nil` where it is absent.
  mutating func integer(_ name: String, in fields: Fields) -> Int? {
    guard let node = fields[name], let value = integer(node) else { return nil }
    let range = fields.range(of: name)
    guard !range.contains(value) else { return value }
    let limit = value < range.lowerBound ? "least \(range.lowerBound)" : "most \(range.upperBound)"
    fail(node, .outOfRange, "must be at \(limit), not `\(value)`", service: .badValue)
    return nil
  }

  /// A whole number, also between quotes.
  mutating func integer(_ node: Node) -> Int? {
    switch node.value.content {
    case .number(let text):
      if let value = Int(text) { return value }
    case .string(let text):
      if let value = Int(text) {
        warn(
          node, .looseType, "must be a number, not \(node.value.spoken): it is read as `\(value)`",
          hint: "leave the quotes out", service: .unworded)
        mend(node, to: "\(value)")
        return value
      }
      if reportUnresolved(text, in: node) { return nil }
    default: break
    }
    fail(node, .wrongType, "must be a whole number, not \(node.value.spoken)")
    return nil
  }

  /// Whether a field is true, also as `"true"`; false where it is absent.
  mutating func flag(_ name: String, in fields: Fields) -> Bool {
    guard let node = fields[name] else { return false }
    switch node.value.content {
    case .bool(let value): return value
    case .string(let text):
      if let value = Bool(text.lowercased()) {
        warn(
          node,
          .looseType,
          "must be `true` or `false` without quotes, not \(node.value.spoken): it is read "
            + "as `\(value)`", hint: "leave the quotes out", service: .unworded)
        mend(node, to: "\(value)")
        return value
      }
      if reportUnresolved(text, in: node) { return false }
    default: break
    }
    fail(node, .wrongType, "must be `true` or `false`, not \(node.value.spoken)")
    return false
  }

  /// The elements of an array; a single value counts as an array of one, with a warning.
  mutating func elements(_ node: Node) -> [Node]? {
    switch node.value.content {
    case .array(let values):
      return values.enumerated().map { index, value in
        Node(value: value, path: "\(node.path)[\(index)]", weight: node.weight)
      }
    case .string, .number:
      if reportOpenContainer(node) { return nil }
      warn(
        node, .looseType,
        "must be an array, not \(node.value.spoken): it is read as an array of one",
        hint: "put `[` and `]` around it", service: .unworded)
      return [node]
    case .null, .bool, .object:
      fail(node, .wrongType, "must be an array, not \(node.value.spoken)")
      return nil
    }
  }

  /// The texts of an array field; empty where it is absent.
  mutating func texts(_ name: String, in fields: Fields, as role: TextRole) -> [String] {
    guard let node = fields[name], let elements = elements(node) else { return [] }
    return elements.compactMap { text($0, as: role) }
  }

  /// The objects of an array field; `nil` where it is absent or no array.
  mutating func objects(_ name: String, in fields: Fields) -> [Node]? {
    guard let node = fields[name] else { return nil }
    if case .array = node.value.content { return elements(node) }
    if !reportOpenContainer(node) {
      fail(node, .wrongType, "must be an array of objects, not \(node.value.spoken)")
    }
    return nil
  }

  /// An object field; `[]` counts as absent, with a warning, for the documentation shows it.
  mutating func object(_ name: String, in fields: Fields) -> Node? {
    guard let node = fields[name] else { return nil }
    guard node.value.content == .array([]) else { return node }
    warn(
      node, .looseType, "must be an object, not an array: it is read as absent", hint: "write `{}`",
      service: .unworded)
    return nil
  }

  /// A map from text to text; a number or a Boolean counts as its text, with a warning.
  mutating func tags(_ name: String, in fields: Fields) -> [String: String] {
    guard let node = fields[name] else { return [:] }
    guard case .object(let members) = node.value.content else {
      if !reportOpenContainer(node) {
        fail(node, .wrongType, "must be an object of names and texts, not \(node.value.spoken)")
      }
      return [:]
    }
    var tags: [String: String] = [:]
    for member in members {
      let tag = Node(value: member.value, path: "\(node.path).\(member.key)", weight: .incidental)
      switch member.value.content {
      // As with fields, null is the same as absent: compiled templates have it in tags.
      case .null: continue
      case .number(let text): tags[member.key] = warned(tag, readAs: text)
      case .bool(let value): tags[member.key] = warned(tag, readAs: "\(value)")
      default: tags[member.key] = text(tag, as: .label)
      }
    }
    return tags
  }

  private mutating func warned(_ node: Node, readAs text: String) -> String {
    warn(
      node, .looseType, "must be a string, not \(node.value.spoken): it is read as \(quoted(text))",
      hint: "put it in double quotes", service: .unworded)
    return text
  }
}
