internal import Template

extension CatalogReader {
  /// A value, and how it is reached.
  struct Field {
    let path: String
    let value: JSONValue

    var position: SourcePosition { value.position }
  }

  /// The fields of an object, all of them known.
  struct Fields {
    let subject: String
    let path: String
    let position: SourcePosition
    let members: [String: Field]

    /// The field's value; `nil` where it is absent or null.
    subscript(name: String) -> Field? {
      members[name].flatMap { $0.value.content == .null ? nil : $0 }
    }
  }

  mutating func fail(
    _ field: Field, _ code: Diagnostic.Code, _ message: String, hint: String? = nil
  ) {
    findings.fail(code, message, at: field.position, path: field.path, hint: hint)
  }

  /// The fields of an object; each that is not known is a mistake, since only Kiln reads the file.
  mutating func fields(
    of value: JSONValue, _ path: String, _ subject: String, known: [String]
  ) -> Fields? {
    guard case .object(let members) = value.content else {
      findings.fail(
        .wrongType, "\(subject) must be an object, not \(value.spoken)", at: value.position,
        path: path)
      return nil
    }
    var fields: [String: Field] = [:]
    for member in members {
      let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
      guard known.contains(member.key) else {
        findings.fail(
          .unknownField, "\(subject) has no field \(quoted(member.key))", at: member.keyPosition,
          path: inner,
          hint: nearest(to: member.key, among: known).map { "did you mean `\($0)`?" })
        continue
      }
      fields[member.key] = Field(path: inner, value: member.value)
    }
    return Fields(subject: subject, path: path, position: value.position, members: fields)
  }

  /// A field that must be there; reports it where it is not.
  mutating func require(_ name: String, in fields: Fields) -> Field? {
    if let field = fields[name] { return field }
    findings.fail(
      .missingField, "\(fields.subject) needs the field `\(name)`", at: fields.position,
      path: fields.path)
    return nil
  }

  mutating func object(_ name: String, in fields: Fields, known: [String]) -> Fields? {
    guard let field = fields[name] else { return nil }
    return self.fields(of: field.value, field.path, "`\(name)`", known: known)
  }

  mutating func text(_ name: String, in fields: Fields) -> String? {
    fields[name].flatMap { text($0) }
  }

  mutating func text(_ field: Field) -> String? {
    if case .string(let text) = field.value.content, !text.isEmpty { return text }
    fail(field, .wrongType, "must be a text that is not empty, not \(field.value.spoken)")
    return nil
  }

  /// One of `words`; `nil` where the field is absent or another word.
  mutating func choice<Word>(_ name: String, in fields: Fields, of words: [Word]) -> Word?
  where Word: RawRepresentable<String> {
    guard let field = fields[name], let text = text(field) else { return nil }
    if let word = words.first(where: { $0.rawValue == text.lowercased() }) { return word }
    let names = words.map(\.rawValue)
    let guess = nearest(to: text, among: names).map { "did you mean `\($0)`? " } ?? ""
    fail(
      field, .unknownWord, "\(quoted(text)) is not known here",
      hint: "\(guess)it is one of \(list(names))")
    return nil
  }

  func list(_ names: [String]) -> String {
    names.map { "`\($0)`" }.joined(separator: ", ")
  }
}
