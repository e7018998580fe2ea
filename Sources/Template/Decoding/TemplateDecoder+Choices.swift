/// A word that the API knows in one place of the document.
struct Choice {
  let name: String
  let since: APIVersion

  init(_ name: String, since: APIVersion = .v2018_02_01_preview) {
    self.name = name
    self.since = since
  }
}

extension TemplateDecoder {
  /// The word in the field that tells what kind of object this is.
  ///
  /// It is looked up before the field names are checked, for they depend on it.
  mutating func discriminator(
    _ name: String, of node: Node, _ subject: String, among choices: [Choice]
  ) -> String? {
    guard case .object(let members) = node.value.content else {
      if !reportOpenContainer(node) {
        fail(node, .wrongType, "\(subject) must be an object, not \(node.value.spoken)")
      }
      return nil
    }
    let member =
      node.value.member(name) ?? members.last { $0.key.lowercased() == name.lowercased() }
    guard let member, member.value.content != .null else {
      fail(
        node, .missingField, "\(subject) needs the field `\(name)`",
        hint: "it is one of \(list(choices.map(\.name)))")
      return nil
    }
    return choice(
      Node(value: member.value, path: "\(node.path).\(name)", weight: .decisive), among: choices)
  }

  /// One of the words that the API knows here; another case is a warning, another word an error.
  mutating func choice(_ node: Node, among choices: [Choice]) -> String? {
    guard let text = node.string else {
      fail(
        node, .wrongType, "must be one of \(list(choices.map(\.name))), not \(node.value.spoken)")
      return nil
    }
    let match =
      choices.first { $0.name == text }
      ?? choices.first { $0.name.lowercased() == text.lowercased() }
    guard let match else {
      if reportUnresolved(text, in: node) { return nil }
      let names = choices.map(\.name)
      let guess = nearest(to: text, among: names).map { "did you mean `\($0)`? " } ?? ""
      fail(
        node, .unknownWord, "\(quoted(text)) is not known here",
        hint: "\(guess)it is one of \(list(names))")
      return nil
    }
    if match.name != text {
      warn(
        node, .wordSpelling, "\(quoted(text)) must be written `\(match.name)`",
        hint: "the service refuses other spellings")
    }
    if let version, match.since > version {
      warn(
        node,
        .wordTooNew,
        "`\(match.name)` exists from api-version \(match.since.rawValue) on, and the template "
          + "says \(version.rawValue)",
        hint: "set `apiVersion` to `\(match.since.rawValue)` or later")
    }
    return match.name
  }

  /// One of the words of an enum in a field; `absent` where the field is absent or left open.
  mutating func choice<Word>(_ name: String, in fields: Fields, absent: Word) -> Word
  where Word: RawRepresentable<String> & CaseIterable {
    guard let node = fields[name], node.string != "",
      let word = choice(node, among: Word.allCases.map { Choice($0.rawValue) })
    else { return absent }
    return Word(rawValue: word) ?? absent
  }

  private func list(_ names: [String]) -> String {
    names.map { "`\($0)`" }.joined(separator: ", ")
  }
}
