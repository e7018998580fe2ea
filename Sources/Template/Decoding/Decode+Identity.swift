extension TemplateDecoder {
  /// The ids of the identities that the build reads and writes with.
  mutating func identities(_ document: Fields) -> [String] {
    guard let node = object("identity", in: document) else {
      // Required since 2020-02-14, but of no use off Azure: 26 of 191 public templates have none.
      if version.map({ $0 >= .v2020_02_14 }) ?? true, document["identity"] == nil {
        warn(
          document.node, .noIdentity, "an image template needs the field `identity` on Azure",
          hint: "a build on a host of your own does without it", service: .missing("identity"))
      }
      return []
    }
    guard let identity = fields(of: node, as: .identity) else { return [] }
    _ = word("type", in: identity)
    guard let assigned = identity["userAssignedIdentities"] else { return [] }
    let ids = assignedIDs(assigned)
    if ids.count > 1 {
      warn(
        assigned, .manyIdentities, "the service takes exactly one identity, not \(ids.count)",
        service: .unworded)
    }
    return ids
  }

  private mutating func assignedIDs(_ node: Node) -> [String] {
    if let text = node.string {
      guard !reportUnresolved(text, in: node) else { return [text] }
      warn(
        node, .looseType, "must be an object with ids as its field names, not \(node.value.spoken)",
        hint: "write `{ \(quoted(text).replacing("`", with: "\"")): {} }`",
        service: .unworded)
      return [text]
    }
    guard case .object(let members) = node.value.content else {
      fail(
        node, .wrongType, "must be an object with ids as its field names, not \(node.value.spoken)")
      return []
    }
    for member in members {
      let key = JSONValue(content: .string(member.key), position: member.keyPosition)
      _ = text(Node(value: key, path: node.path, weight: .incidental), as: .label)
    }
    return members.map(\.key)
  }
}
