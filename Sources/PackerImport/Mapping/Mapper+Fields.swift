import Template

extension Mapper {
  /// A text; `nil` where it is absent or empty, which Packer does not tell apart.
  mutating func text(_ name: String, in section: inout Section) -> String? {
    guard let field = section.take(name), !field.value.isEmpty else { return nil }
    guard let text = field.value.text else {
      tell(
        .loss, "\(quoted(name)) must be a string, not \(field.value.spoken): it is left out",
        at: field.place)
      return nil
    }
    tellGaps(of: field)
    return text
  }

  /// A text that the result cannot do without: a placeholder stands for it.
  mutating func requiredText(_ name: String, in section: inout Section) -> String {
    if let text = text(name, in: &section) { return text }
    tell(
      .loss, "\(quoted(name)) has no value: `<\(name)>` stands in the template", at: section.place,
      hint: "write the value into the template")
    return "<\(name)>"
  }

  /// A name that becomes a part of an id; `nil` where it is absent.
  mutating func resourceName(_ name: String, in section: inout Section) -> String? {
    let place = section.place(of: name)
    guard let text = text(name, in: &section) else { return nil }
    if text.contains("/") || text == "." || text == ".." {
      tell(.error, "\(quoted(text)) is no name of a resource of Azure", at: place)
    }
    return text
  }

  /// A name that becomes a part of an id; a placeholder stands for one that is absent.
  mutating func requiredName(_ name: String, in section: inout Section) -> String {
    resourceName(name, in: &section) ?? requiredText(name, in: &section)
  }

  /// A text in which nothing may stay open, such as a path.
  ///
  /// What `-var` can give is asked for; what only Packer knows costs the step.
  mutating func address(_ value: Value, at place: Place, _ subject: String) -> String? {
    guard let text = value.text, !text.isEmpty else { return nil }
    guard let gap = value.gaps.min() else {
      guard Unresolved(text) != nil else { return text }
      tell(
        .error, "\(subject) \(quoted(text)) holds a placeholder or an expression", at: place,
        hint: "write out what it stands for")
      return nil
    }
    if gap.reason == .unset {
      tell(
        .error, "\(subject) needs \(gap.subject)", at: place,
        hint: "give it a value: `-var \(gap.name)=…`")
    } else {
      tell(
        .loss, "\(subject) needs \(gap.subject): what it names is left out", at: place,
        hint: "write the value out, here or in the result")
    }
    return nil
  }

  /// The texts of a list, or a single one.
  mutating func texts(_ name: String, in section: inout Section) -> [String]? {
    guard let field = section.take(name), !field.value.isEmpty else { return nil }
    tellGaps(of: field)
    guard case .list(let values) = field.value.content else {
      return field.value.text.map { [$0] }
    }
    let texts = values.compactMap(\.text)
    if texts.count < values.count {
      tell(.loss, "\(quoted(name)) holds what is no string: it is left out", at: field.place)
    }
    return texts
  }

  /// The names and texts of an object.
  mutating func entries(
    _ name: String, in section: inout Section
  ) -> [(name: String, value: String)] {
    guard let field = section.take(name), !field.value.isEmpty, field.value.content != .list([])
    else { return [] }
    tellGaps(of: field)
    guard let members = field.value.members else {
      tell(.loss, "\(quoted(name)) is no object: it is left out", at: field.place)
      return []
    }
    return members.compactMap { member in
      guard let text = member.value.text else {
        tell(
          .loss, "\(quoted(member.key)) of \(quoted(name)) is no text: it is left out",
          at: field.place)
        return nil
      }
      return (member.key, text)
    }
  }

  /// Numbers of a list.
  mutating func integers(_ name: String, in section: inout Section) -> [Int]? {
    guard let field = section.take(name), field.value.content != .null else { return nil }
    guard case .list(let values) = field.value.content,
      case let numbers = values.compactMap({ $0.text.flatMap(Int.init) }),
      numbers.count == values.count
    else {
      tell(.loss, "\(quoted(name)) is no list of whole numbers: it is left out", at: field.place)
      return nil
    }
    return numbers.isEmpty ? nil : numbers
  }

  /// A whole number above 0.
  mutating func integer(_ name: String, in section: inout Section) -> Int? {
    guard let field = section.take(name), !field.value.isEmpty else { return nil }
    guard field.value.gaps.isEmpty, let number = field.value.double, number >= 0, number < 1e9,
      number == number.rounded()
    else {
      tell(.loss, "\(quoted(name)) is no whole number: it is left out", at: field.place)
      return nil
    }
    return number == 0 ? nil : Int(number)
  }

  /// Whether a field is true.
  mutating func flag(_ name: String, in section: inout Section) -> Bool {
    guard let field = section.take(name) else { return false }
    guard field.value.isEmpty || field.value.text.flatMap(Bool.init) != nil else {
      tell(.loss, "\(quoted(name)) is neither true nor false: it is left out", at: field.place)
      return false
    }
    return field.value.text == "true"
  }

  /// The objects of a block, or of an attribute that is an object.
  mutating func objects(_ name: String, in section: inout Section) -> [Section] {
    guard let field = section.take(name) else { return [] }
    let values: [Value]
    if case .list(let items) = field.value.content {
      values = items
    } else {
      values = [field.value]
    }
    return values.compactMap { value in
      guard case .object(let members) = value.content else {
        if !value.isEmpty {
          tell(
            .loss, "\(quoted(name)) is no block: it is left out", at: field.place,
            hint: value.gaps.min().map { "it depends on \($0.subject)" })
        }
        return nil
      }
      return Section(
        kind: name, name: "", place: field.place,
        fields: members.map { PackerField(name: $0.key, place: field.place, value: $0.value) })
    }
  }

  /// Says what the placeholders of a field stand for.
  mutating func tellGaps(of field: PackerField) {
    for gap in field.value.allGaps.sorted() {
      let message: String
      let hint: String
      switch gap.reason {
      case .unset:
        let end = gap.subject.contains(", which") ? "" : ", which has no value here"
        message = "`\(gap.placeholder)` stands for \(gap.subject)\(end)"
        hint = "give it one, `-var \(gap.name)=…`, or write it into the template"
      case .secret:
        message = "`\(gap.placeholder)` stands for \(gap.subject), a secret, which is not copied"
        hint = "let the script get the secret by itself: a template is no place for it"
      case .runtime:
        message = "`\(gap.placeholder)` stands for \(gap.subject)"
        hint = "write the value into the template"
      }
      tell(.loss, "\(quoted(field.name)): \(message)", at: field.place, hint: hint)
    }
  }

  /// Says of each field that was not taken what becomes of it.
  mutating func tellRest(of section: Section, by known: [String: KnownField]) {
    for field in section.fields {
      // What means nothing to Packer is not lost.
      if field.value.isEmpty || field.value.content == .list([]) || field.value.text == "false" {
        tell(.note, "\(quoted(field.name)) has no effect and is left out", at: field.place)
        continue
      }
      let isSecret = isSecretName(field.name)
      switch known[field.name] {
      case .note(let why): tell(.note, "\(quoted(field.name)): \(why)", at: field.place)
      case .loss(let why): tell(.loss, "\(quoted(field.name)): \(why)", at: field.place)
      case nil where isSecret:
        tell(.note, "\(quoted(field.name)): secrets are not copied", at: field.place)
      case nil:
        tell(
          .loss, "\(quoted(field.name)) of \(quoted(section.kind)) is not carried over",
          at: field.place)
      }
    }
  }
}

/// What becomes of a field that no template has, and why.
enum KnownField {
  /// Nothing is lost by it.
  case note(String)
  /// The result does not do it.
  case loss(String)
}

extension [String: KnownField] {
  /// The same answer for several fields.
  init(_ answers: [(names: String, answer: KnownField)]) {
    self = answers.reduce(into: [:]) { table, entry in
      for name in entry.names.split(separator: " ") { table[String(name)] = entry.answer }
    }
  }
}
