/// A parameter as a template declares it.
struct ParameterDeclaration {
  /// What a value may be.
  enum Kind: String {
    case string, int, bool, object, array
    /// A type that says nothing: any value will do.
    case any
  }

  let name: String
  let position: SourcePosition
  let kind: Kind
  let isSecure: Bool
  let isNullable: Bool
  let defaultValue: JSONValue?
  private let rules: [JSONValue]

  /// How many references to definitions are followed.
  private static let longestChain = 16

  /// Reads a declaration; a type may stand among the template's `definitions`.
  init(_ member: JSONMember, in template: JSONValue) {
    name = member.key
    position = member.keyPosition
    defaultValue = member.value.fieldMember("defaultValue")?.value
    var rules = [member.value]
    while rules.count < Self.longestChain,
      let reference = rules.last?.text("$ref"), reference.hasPrefix("#/definitions/"),
      let definition = template.field("definitions")?.field(
        String(reference.dropFirst("#/definitions/".count)))
    {
      rules.append(definition)
    }
    self.rules = rules
    let type = rules.lazy.compactMap { $0.text("type") }.first?.lowercased() ?? ""
    isSecure = type.hasPrefix("secure")
    isNullable = rules.contains { $0.field("nullable")?.content == .bool(true) }
    kind =
      switch type {
      case "securestring": .string
      case "secureobject": .object
      case "integer": .int
      case "boolean": .bool
      default: Kind(rawValue: type) ?? .any
      }
  }

  /// The value that a text of the command line stands for.
  func value(of text: String) throws(ExpressionFailure) -> ExpressionValue {
    let content: ExpressionValue.Content
    switch kind {
    case .string, .any: content = .string(text)
    case .int:
      guard let number = Int(text) else { throw wrong(spoken(text)) }
      content = .integer(number)
    case .bool:
      guard let value = Bool(text.lowercased()) else { throw wrong(spoken(text)) }
      content = .bool(value)
    case .object, .array:
      let (json, findings) = JSONReader.read(Array(text.utf8), as: .value)
      guard let json else {
        let why = findings.sorted.first { $0.severity == .error }?.message ?? "no JSON"
        throw ExpressionFailure(
          isSecure
            ? "the value of the parameter \(quoted(name)) is no JSON"
            : "the value of the parameter \(quoted(name)) is no JSON: \(why)")
      }
      return try ExpressionValue(literal: json.standing(at: position), marks: marks)
    }
    return try ExpressionValue(content, at: position, marks: marks)
  }

  /// What a value of the parameter is marked with.
  var marks: ExpressionValue.Marks { isSecure ? .secret : [] }

  /// Checks a value against the type and the bounds.
  func check(_ value: ExpressionValue) throws(ExpressionFailure) {
    switch (kind, value.content) {
    case (_, .unknown), (.any, _): return
    case (_, .null) where isNullable: return
    case (.string, .string), (.int, .integer), (.bool, .bool), (.object, .object),
      (.array, .array):
      break
    default: throw wrong(value.spoken)
    }
    try checkAllowed(value)
    switch value.content {
    case .integer(let number): try checkRange(number, "minValue", "maxValue", value.spoken)
    case .string(let text):
      try checkRange(text.utf16.count, "minLength", "maxLength", "\(text.utf16.count) characters")
    case .array(let elements):
      try checkRange(elements.count, "minLength", "maxLength", "\(elements.count) elements")
    default: break
    }
  }

  private func checkAllowed(_ value: ExpressionValue) throws(ExpressionFailure) {
    guard !value.isOpen, case .array(let elements) = rule("allowedValues")?.content else { return }
    let allowed = try elements.map { element throws(ExpressionFailure) in
      try ExpressionValue(literal: element)
    }
    var holds = allowed.contains { $0.equals(value) }
    if !holds, case .array(let given) = value.content {
      // Of an array, each element may be one of the values.
      holds = given.allSatisfy { element in allowed.contains { $0.equals(element) } }
    }
    guard !holds else { return }
    let names = allowed.map { printable($0.text) }
    let guess = nearest(to: value.text, among: names).map { "did you mean `\($0)`? " } ?? ""
    throw ExpressionFailure(
      "the parameter \(quoted(name)) cannot be \(value.spoken)",
      hint: "\(isSecure ? "" : guess)it is one of \(Evaluator.listed(names))")
  }

  private func checkRange(
    _ number: Int, _ least: String, _ most: String, _ shown: String
  ) throws(ExpressionFailure) {
    if let minimum = bound(least), number < minimum {
      throw ExpressionFailure(
        "the parameter \(quoted(name)) has the \(least) \(minimum), and \(shown) is less")
    }
    if let maximum = bound(most), number > maximum {
      throw ExpressionFailure(
        "the parameter \(quoted(name)) has the \(most) \(maximum), and \(shown) is more")
    }
  }

  private func bound(_ key: String) -> Int? {
    guard case .number(let text) = rule(key)?.content else { return nil }
    return Int(text)
  }

  private func rule(_ key: String) -> JSONValue? {
    rules.lazy.compactMap { $0.field(key) }.first
  }

  private func spoken(_ text: String) -> String {
    isSecure ? "a secret" : "the string \(quoted(text))"
  }

  private func wrong(_ spoken: String) -> ExpressionFailure {
    let wanted =
      switch kind {
      case .string: "a string"
      case .int: "a whole number"
      case .bool: "true or false"
      case .object: "an object"
      case .array: "an array"
      case .any: "a value"
      }
    return ExpressionFailure("the parameter \(quoted(name)) must be \(wanted), not \(spoken)")
  }
}
