import FoundationEssentials

extension Evaluator {
  /// What a function makes of its arguments.
  mutating func call(_ name: String, _ arguments: [HCLExpression]) -> Value {
    let values = arguments.map { value($0) }
    switch name {
    case "try":
      return values.first { $0.gaps.isEmpty } ?? values.last ?? .null
    case "can":
      return Value(.bool(values.allSatisfy { $0.gaps.isEmpty }))
    case "coalesce":
      // A gap before the value means that nobody knows which it is.
      return values.first { !$0.isEmpty } ?? .null
    case "env": return environment(values)
    case "sensitive":
      return .open(Gap("secret", "a value that is marked as sensitive", .secret))
    default: break
    }
    // Functions of lists hand on what they do not look at; those of texts need all of it.
    let needed =
      Self.handsOn.contains(name) ? values.map(\.gaps) : values.map(\.allGaps)
    let gaps = needed.reduce(Set<Gap>()) { $0.union($1) }
    if let gap = gaps.min(), !Self.keepsText.contains(name) { return .open(gap) }
    let call = FunctionCall(name: name, arguments: values)
    let result = call.textResult ?? call.listResult ?? call.numberResult
    return result ?? runtime(call)
  }

  /// The functions whose result holds their arguments' texts, placeholders included.
  private static let keepsText: Set<String> = ["format", "tostring"]

  /// The functions that look at none of the values in their lists and objects.
  private static let handsOn: Set<String> = [
    "join", "concat", "tolist", "tomap", "merge", "element", "lookup", "length", "reverse", "keys",
    "values", "flatten", "slice", "compact",
  ]

  /// An environment variable; one that is not set is empty, as Packer has it.
  private func environment(_ values: [Value]) -> Value {
    guard let name = values.first?.text else { return .string("") }
    if isSecretName(name) {
      return .open(Gap(name, "the environment variable `\(name)`", .secret))
    }
    return .string(surroundings.environment[name] ?? "")
  }

  private func runtime(_ call: FunctionCall) -> Value {
    .open(Gap(call.name, "the function `\(call.name)`, which an import does not run", .runtime))
  }
}

extension Gap: Comparable {
  static func < (left: Gap, right: Gap) -> Bool {
    (left.name, left.subject) < (right.name, right.subject)
  }
}

/// A function by name, with the values of its arguments.
struct FunctionCall {
  let name: String
  let arguments: [Value]

  func text(_ index: Int) -> String? {
    arguments.indices.contains(index) ? arguments[index].text : nil
  }

  /// The elements of a list argument.
  func list(_ index: Int) -> [Value]? {
    guard arguments.indices.contains(index), case .list(let values) = arguments[index].content
    else { return nil }
    return values
  }

  /// The gaps of all arguments.
  var gaps: Set<Gap> { arguments.reduce([]) { $0.union($1.allGaps) } }
}

extension FunctionCall {
  /// What functions of texts make; `nil` where this is none, or its arguments do not fit.
  var textResult: Value? {
    if name == "format" { return formatted.map { Value(.string($0), gaps: gaps) } }
    if name == "join" {
      guard let separator = text(0), let items = list(1) else { return nil }
      let texts = items.compactMap(\.text)
      guard texts.count == items.count else { return nil }
      return Value(.string(texts.joined(separator: separator)), gaps: gaps)
    }
    guard let first = text(0) else { return nil }
    if let plain = plainResult(first) { return .string(plain) }
    switch name {
    case "tostring": return Value(.string(first), gaps: gaps)
    case "tonumber": return Double(first).map { _ in Value(.number(first)) }
    case "tobool": return Bool(first).map { Value(.bool($0)) }
    case "split":
      guard let second = text(1) else { return nil }
      let parts = first.isEmpty ? [second] : second.components(separatedBy: first)
      return Value(.list(parts.map(Value.string)))
    case "startswith": return text(1).map { Value(.bool(first.hasPrefix($0))) }
    case "endswith": return text(1).map { Value(.bool(first.hasSuffix($0))) }
    case "strcontains": return text(1).map { Value(.bool(first.contains($0))) }
    default: return nil
    }
  }

  private func plainResult(_ first: String) -> String? {
    switch name {
    case "lower": return first.lowercased()
    case "upper": return first.uppercased()
    case "title":
      return first.split(separator: " ", omittingEmptySubsequences: false)
        .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
    case "trimspace": return trimmed(first, of: " \t\r\n")
    case "chomp": return String(first.reversed().drop { "\r\n\r\n".contains($0) }.reversed())
    case "trim": return text(1).map { trimmed(first, of: $0) }
    case "trimprefix":
      return text(1).map { first.hasPrefix($0) ? String(first.dropFirst($0.count)) : first }
    case "trimsuffix":
      return text(1).map { first.hasSuffix($0) ? String(first.dropLast($0.count)) : first }
    case "replace": return replaced(first)
    case "substr": return substring(first)
    case "basename": return first.split(separator: "/").last.map(String.init) ?? ""
    case "dirname":
      return first.contains("/")
        ? first.split(separator: "/", omittingEmptySubsequences: false)
          .dropLast().joined(separator: "/") : "."
    case "base64encode": return Data(first.utf8).base64EncodedString()
    case "base64decode":
      return Data(base64Encoded: first).flatMap { String(validating: $0, as: UTF8.self) }
    case "pathexpand", "chomp_space": return nil
    default: return nil
    }
  }

  private func trimmed(_ text: String, of characters: String) -> String {
    let front = text.drop { characters.contains($0) }
    return String(front.reversed().drop { characters.contains($0) }.reversed())
  }

  /// Patterns, `/…/`, are not understood.
  private func replaced(_ first: String) -> String? {
    guard let old = text(1), let new = text(2), !old.isEmpty,
      !(old.count > 1 && old.hasPrefix("/") && old.hasSuffix("/"))
    else { return nil }
    let result = first.components(separatedBy: old).joined(separator: new)
    return result.utf8.count > Evaluator.maximumText ? nil : result
  }

  private func substring(_ first: String) -> String? {
    guard let offset = text(1).flatMap(Int.init), let length = text(2).flatMap(Int.init),
      offset >= 0
    else { return nil }
    let rest = first.dropFirst(offset)
    return String(length < 0 ? rest : rest.prefix(length))
  }

  /// `%s`, `%d`, `%v`, `%q` and `%05d` are understood.
  private var formatted: String? {
    guard let pattern = text(0) else { return nil }
    var rest = arguments.dropFirst()[...]
    var result = ""
    var characters = pattern[...]
    while let character = characters.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      let width = characters.prefix { $0.isASCII && $0.isNumber }
      characters.removeFirst(width.count)
      guard let verb = characters.popFirst() else { return nil }
      if verb == "%" {
        result.append("%")
        continue
      }
      guard "sdvq".contains(verb), let argument = rest.popFirst(), var text = argument.text,
        let wide = width.isEmpty ? 0 : Int(width), wide <= 100
      else { return nil }
      if verb == "q" { text = "\"\(text)\"" }
      let fill = width.hasPrefix("0") && verb == "d" ? "0" : " "
      result += String(repeating: fill, count: max(0, wide - text.count)) + text
    }
    return rest.isEmpty && result.utf8.count <= Evaluator.maximumText ? result : nil
  }
}
