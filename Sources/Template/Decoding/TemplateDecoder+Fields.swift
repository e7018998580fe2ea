extension TemplateDecoder {
  /// Checks the field names of an object against what the API knows.
  mutating func fields(of node: Node, as schema: Schema) -> Fields? {
    guard case .object(let members) = node.value.content else {
      if !reportOpenContainer(node) {
        fail(node, .wrongType, "\(schema.subject) must be an object, not \(node.value.spoken)")
      }
      return nil
    }
    var known: [String: JSONMember] = [:]
    for member in members {
      guard let field = schema.fields.first(where: { $0.name == member.key }) else {
        if let field = matchIgnoringCase(member, schema, node) { known[field.name] = member }
        continue
      }
      known[field.name] = member
      report(field, member, schema, node)
    }
    return Fields(schema: schema, node: node, members: known)
  }

  /// An expression in place of an object or array: it can only be reported.
  mutating func reportOpenContainer(_ node: Node) -> Bool {
    guard let text = node.string, isExpression(text) else { return false }
    return reportUnresolved(text, in: node)
  }

  /// The node of a field that must be there; reports it where it is not.
  mutating func require(_ name: String, in fields: Fields) -> Node? {
    if let node = fields[name] { return node }
    fail(fields.node, .missingField, "\(fields.schema.subject) needs the field `\(name)`")
    return nil
  }

  private mutating func matchIgnoringCase(
    _ member: JSONMember, _ schema: Schema, _ node: Node
  ) -> Field? {
    let name = member.key.lowercased()
    guard let field = schema.fields.first(where: { $0.name.lowercased() == name }) else {
      reportUnknown(member, schema, node)
      return nil
    }
    let message = "the field \(quoted(member.key)) must be written `\(field.name)`"
    if refusesUnknownFields {
      report(.error, .fieldSpelling, member, node, message)
    } else {
      report(
        .warning, .fieldSpelling, member, node, message,
        hint: "the service refuses it from api-version 2024-02-01 on")
    }
    return field
  }

  private mutating func reportUnknown(_ member: JSONMember, _ schema: Schema, _ node: Node) {
    let names = schema.fields.filter { $0.role == .value }.map(\.name)
    let message = "\(schema.subject) has no field \(quoted(member.key))"
    let severity: Diagnostic.Severity = refusesUnknownFields ? .error : .warning
    guard findings.hasRoom(for: severity) else { return findings.drop() }
    let hint = nearest(to: member.key, among: names).map { "did you mean `\($0)`?" }
    if refusesUnknownFields {
      report(.error, .unknownField, member, node, message, hint: hint)
    } else {
      report(.warning, .unknownField, member, node, "\(message): it is ignored", hint: hint)
    }
  }

  private mutating func report(
    _ field: Field, _ member: JSONMember, _ schema: Schema, _ node: Node
  ) {
    switch field.role {
    case .ignored: return
    case .readOnly:
      report(
        .warning, .readOnlyField, member, node,
        "the field `\(field.name)` is read-only: it is ignored")
    case .value:
      guard let version, field.since > version else { return }
      let message =
        "\(schema.subject) has the field `\(field.name)` from api-version "
        + "\(field.since.rawValue) on, and the template says \(version.rawValue)"
      report(
        refusesUnknownFields ? .error : .warning, .fieldTooNew, member, node,
        refusesUnknownFields ? message : "\(message): it is used all the same",
        hint: "set `apiVersion` to `\(field.since.rawValue)` or later")
    }
  }

  private mutating func report(
    _ severity: Diagnostic.Severity, _ code: Diagnostic.Code, _ member: JSONMember,
    _ node: Node, _ message: String, hint: String? = nil
  ) {
    let path = node.path.isEmpty ? member.key : "\(node.path).\(member.key)"
    findings.add(
      Diagnostic(severity, code, message, at: member.keyPosition, path: path, hint: hint))
  }
}
