/// What an expression of a Packer template comes to.
struct Value: Hashable, Sendable {
  indirect enum Content: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number as it is written.
    case number(String)
    case string(String)
    case list([Value])
    /// The members in the order of the text, each key once.
    case object([Member])
  }

  struct Member: Hashable, Sendable {
    let key: String
    let value: Value
  }

  let content: Content

  /// What the text holds a `<placeholder>` for.
  let gaps: Set<Gap>

  init(_ content: Content, gaps: Set<Gap> = []) {
    self.content = content
    self.gaps = gaps
  }

  static let null = Value(.null)

  static func string(_ text: String) -> Value { Value(.string(text)) }

  /// A value that nobody knows yet: its placeholder.
  static func open(_ gap: Gap) -> Value {
    Value(.string(gap.placeholder), gaps: [gap])
  }
}

/// Something that can't be known before Packer runs, or must not be copied.
struct Gap: Hashable, Sendable {
  enum Reason: Hashable, Sendable {
    /// The variable has no value.
    case unset
    /// The variable holds a secret.
    case secret
    /// Only Packer knows it, while it runs.
    case runtime
  }

  /// What stands between `<` and `>`: letters, digits, `-` and `_`, a letter first.
  let name: String
  /// What it stands for, as a message names it.
  let subject: String
  let reason: Reason

  init(_ name: String, _ subject: String, _ reason: Reason) {
    let plain = name.unicodeScalars.map { scalar in
      let isPlain =
        scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || scalar == "_" || scalar == "-")
      return isPlain ? Character(scalar) : "-"
    }
    let named = String(plain.drop { $0 == "-" })
    self.name = named.first?.isLetter == true ? named : "x\(named)"
    self.subject = subject
    self.reason = reason
  }

  var placeholder: String { "<\(name)>" }
}

extension Value {
  /// The text of a string, a number or a Boolean.
  var text: String? {
    switch content {
    case .string(let text), .number(let text): text
    case .bool(let value): value ? "true" : "false"
    case .null, .list, .object: nil
    }
  }

  /// Whether a template means nothing by it: null and the empty string, as Packer has it.
  var isEmpty: Bool { content == .null || content == .string("") }

  /// The members of an object, or of the only object of a list, as a block gives it.
  var members: [Member]? {
    switch content {
    case .object(let members): members
    case .list(let values) where values.count == 1: values[0].members
    default: nil
    }
  }

  /// The value of a key.
  subscript(key: String) -> Value? { members?.last { $0.key == key }?.value }

  /// The gaps of this value and of all that it holds.
  var allGaps: Set<Gap> {
    switch content {
    case .list(let values): values.reduce(gaps) { $0.union($1.allGaps) }
    case .object(let members): members.reduce(gaps) { $0.union($1.value.allGaps) }
    default: gaps
    }
  }

  /// The number, whatever type it is written as.
  var double: Double? { text.flatMap(Double.init) }

  /// The value with further gaps.
  func adding(_ more: Set<Gap>) -> Value {
    more.isEmpty ? self : Value(content, gaps: gaps.union(more))
  }

  /// What a message calls the kind of value.
  var spoken: String {
    switch content {
    case .null: "null"
    case .bool: "a Boolean"
    case .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .object: "an object"
    }
  }
}
