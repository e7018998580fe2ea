extension TemplateDecoder {
  /// Checks the field names of an object against what the API knows, and that none is missing.
  mutating func fields(of node: Node, as schema: Schema) -> Fields? {
    guard case .object(let members) = node.value.content else {
      if !reportOpenContainer(node) {
        fail(
          node, .wrongType, "\(schema.subject) must be an object, not \(node.value.spoken)",
          service: .unworded)
      }
      return nil
    }
    var known: [String: JSONMember] = [:]
    for member in members {
      guard let field = field(of: member, schema, node) else { continue }
      known[field.name] = member
    }
    let fields = Fields(schema: schema, node: node, members: known)
    for field in schema.fields where field.need == .required && field.exists(in: version) {
      if fields[field.name] == nil { reportMissing(field.name, in: fields) }
    }
    return fields
  }

  /// An expression in place of an object or array: it can only be reported.
  mutating func reportOpenContainer(_ node: Node) -> Bool {
    guard let text = node.string, isExpression(text) else { return false }
    return reportUnresolved(text, in: node)
  }

  /// Reports a field that is not there, but must be; `when` says when it must.
  mutating func reportMissing(_ name: String, in fields: Fields, when: String = "") {
    fail(
      fields.node, .missingField, "\(fields.schema.subject) needs the field `\(name)`\(when)",
      service: .missing(name))
  }

  /// The field that a member stands for; reports what is odd about its name.
  private mutating func field(
    of member: JSONMember, _ schema: Schema, _ node: Node
  ) -> Field? {
    let name = member.key.lowercased()
    // Of two fields that differ in case alone, the version has one.
    let match =
      schema.fields.first { $0.name == member.key && $0.exists(in: version) }
      ?? schema.fields.first { $0.name.lowercased() == name && $0.exists(in: version) }
      ?? schema.fields.first { $0.name.lowercased() == name }
    guard let match else {
      reportUnknown(member, schema, node)
      return nil
    }
    if match.name != member.key {
      let message = "the field \(quoted(member.key)) must be written `\(match.name)`"
      report(
        oddity, .fieldSpelling, member, node, message,
        hint: refusesUnknownFields
          ? nil : "the service refuses it from api-version 2024-02-01 on")
      mend(member, to: match, in: node)
      return match
    }
    return report(match, member, schema, node) ? match : nil
  }

  private mutating func reportUnknown(_ member: JSONMember, _ schema: Schema, _ node: Node) {
    let message = "\(schema.subject) has no field \(quoted(member.key))"
    guard findings.hasRoom(for: oddity) else { return findings.drop() }
    let names = schema.fields.filter { $0.role == .value && $0.until == nil }.map(\.name)
    let guess = nearest(to: member.key, among: names)
    report(
      oddity, .unknownField, member, node,
      refusesUnknownFields ? message : "\(message): it is ignored",
      hint: guess.map { "did you mean `\($0)`?" })
    // One slip of the keys, or the separators of another tool, leave no doubt.
    if let guess, let field = schema[guess], editDistance(plain(member.key), plain(guess)) <= 1 {
      mend(member, to: field, in: node)
    }
  }

  /// Notes the right name for a member, unless that is there as well.
  private mutating func mend(_ member: JSONMember, to field: Field, in node: Node) {
    guard node.value.member(field.name) == nil else { return }
    findings.mend(.string(old: member.key, new: "\"\(field.name)\""), at: member.keyPosition)
  }

  /// Reports what is odd about a field of the right name.
  /// - Returns: whether it is read.
  private mutating func report(
    _ field: Field, _ member: JSONMember, _ schema: Schema, _ node: Node
  ) -> Bool {
    switch field.role {
    case .ignored: return true
    case .readOnly:
      findings.warn(
        .readOnlyField, "the field `\(field.name)` is read-only: it is ignored",
        at: member.keyPosition, path: path(of: member, node))
      return true
    case .value: break
    }
    if let until = field.until, !field.exists(in: version) {
      let message =
        "\(schema.subject) has the field `\(field.name)` up to api-version \(until.rawValue)"
      report(
        oddity, .fieldGone, member, node,
        refusesUnknownFields ? message : "\(message): it is ignored",
        hint: schema.successor(of: field).map { "it is called `\($0)` now" })
      return false
    }
    guard let version, field.since > version else { return true }
    let message =
      "\(schema.subject) has the field `\(field.name)` from api-version "
      + "\(field.since.rawValue) on, and the template says \(version.rawValue)"
    report(
      oddity, .fieldTooNew, member, node,
      refusesUnknownFields ? message : "\(message): it is used all the same",
      hint: "set `apiVersion` to `\(field.since.rawValue)` or later")
    return true
  }

  /// What an unknown name is: from 2024-02-01 on the service refuses it.
  private var oddity: Diagnostic.Severity { refusesUnknownFields ? .error : .warning }

  private mutating func report(
    _ severity: Diagnostic.Severity, _ code: Diagnostic.Code, _ member: JSONMember,
    _ node: Node, _ message: String, hint: String? = nil
  ) {
    let refusal = version.flatMap { version in
      version.refusesUnknownFields
        ? Diagnostic.Refusal(
          wording: ServiceFault.unknownField(member.key, version).wording(of: node)) : nil
    }
    findings.add(
      Diagnostic(
        severity, code, message, at: member.keyPosition, path: path(of: member, node), hint: hint,
        refusal: refusal))
  }

  private func path(of member: JSONMember, _ node: Node) -> String {
    node.path.isEmpty ? member.key : "\(node.path).\(member.key)"
  }
}

extension Schema {
  /// What a field that is gone is called now.
  fileprivate func successor(of field: Field) -> String? {
    nearest(to: field.name, among: fields.filter { $0.until == nil }.map(\.name))
  }
}
