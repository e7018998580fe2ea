extension TemplateDecoder {
  /// The kind of an object of several kinds, and its fields; `nil` with an error where the kind
  /// can't be told.
  ///
  /// The kind is looked up before the field names are checked, for they depend on it.
  mutating func variant(of node: Node, among kinds: Union) -> (kind: String, fields: Fields)? {
    guard let kind = discriminator(of: node, among: kinds), let schema = kinds[kind],
      let fields = fields(of: node, as: schema)
    else { return nil }
    return (kind, fields)
  }

  private mutating func discriminator(of node: Node, among kinds: Union) -> String? {
    guard case .object(let members) = node.value.content else {
      if !reportOpenContainer(node) {
        fail(node, .wrongType, "\(kinds.subject) must be an object, not \(node.value.spoken)")
      }
      return nil
    }
    let name = kinds.discriminator
    let choices = kinds.variants.map(\.choice)
    let member =
      node.value.member(name) ?? members.last { $0.key.lowercased() == name.lowercased() }
    guard let member, member.value.content != .null else {
      fail(
        node, .missingField, "\(kinds.subject) needs the field `\(name)`",
        hint: "it is one of \(list(choices))", service: .missing(name))
      return nil
    }
    return choice(
      Node(value: member.value, path: "\(node.path).\(name)", weight: .decisive), among: choices,
      service: .unknownWord)
  }

  /// One of the words that the API knows here; another case is a warning, another word an error.
  ///
  /// `service` is what Azure Image Builder says of another spelling, where that is known.
  private mutating func choice(
    _ node: Node, among choices: [Choice], service: ServiceFault?
  ) -> String? {
    guard let text = node.string else {
      fail(
        node, .wrongType, "must be one of \(list(choices)), not \(node.value.spoken)",
        service: .unworded)
      return nil
    }
    let match =
      choices.first { $0.spelling(in: version) == text }
      ?? choices.first { $0.name.lowercased() == text.lowercased() }
    guard let match else {
      if reportUnresolved(text, in: node) { return nil }
      let guess = nearest(to: text, among: choices.map { $0.spelling(in: version) })
      fail(
        node, .unknownWord, "\(quoted(text)) is not known here",
        hint: "\(guess.map { "did you mean `\($0)`? " } ?? "")it is one of \(list(choices))",
        service: service ?? .badValue)
      return nil
    }
    checkSpelling(of: match, text, node, service)
    return match.name
  }

  private mutating func checkSpelling(
    of match: Choice, _ text: String, _ node: Node, _ service: ServiceFault?
  ) {
    let spelling = match.spelling(in: version)
    if spelling != text {
      warn(
        node, .wordSpelling, "\(quoted(text)) must be written `\(spelling)`",
        hint: "the service refuses other spellings", service: service ?? .badValue)
      mend(node, to: "\"\(spelling)\"")
    }
    if let version, match.since > version {
      // No refusal: official quickstarts of 2019-05-01-preview have `WindowsUpdate`.
      warn(
        node, .wordTooNew,
        "`\(match.name)` exists from api-version \(match.since.rawValue) on, and the template "
          + "says \(version.rawValue)",
        hint: "set `apiVersion` to `\(match.since.rawValue)` or later")
    }
  }

  /// One of the words that the schema has for the field; `nil` where it is absent, empty, left
  /// open, or another one.
  mutating func word(_ name: String, in fields: Fields) -> String? {
    guard let node = fields[name], node.string != "",
      case .words(let choices)? = fields.schema[name]?.shape
    else { return nil }
    return choice(node, among: choices, service: nil)
  }

  /// One of the words of an enum in a field; `absent` where ``word(_:in:)`` has none.
  mutating func choice<Word>(_ name: String, in fields: Fields, absent: Word) -> Word
  where Word: RawRepresentable<String> {
    word(name, in: fields).flatMap { Word(rawValue: $0) } ?? absent
  }

  private func list(_ choices: [Choice]) -> String {
    choices.filter { $0.exists(in: nil) || $0.exists(in: version) }
      .map { "`\($0.spelling(in: version))`" }.joined(separator: ", ")
  }
}
