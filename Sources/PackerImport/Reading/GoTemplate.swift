import FoundationEssentials

/// Fills in `{{…}}` as far as it can be known before Packer runs.
struct GoTemplate {
  /// How many variables may stand for each other in a row.
  static let maximumDepth = 32

  let surroundings: Surroundings
  /// The variables of a JSON template as they are written; `nil` in HCL, which has other ways.
  var variables: [String: Value]?
  /// The variables that have been asked for.
  private var known: [String: Value] = [:]
  private var underway: [String] = []
  /// What `build_name` and `build_type` stand for, where it is known.
  var buildName: String?
  var buildType: String?

  init(surroundings: Surroundings) {
    self.surroundings = surroundings
  }

  /// The value with the actions in its texts carried out.
  mutating func filled(_ value: Value) -> Value {
    switch value.content {
    case .string(let text): return filled(text).adding(value.gaps)
    case .list(let values):
      return Value(.list(values.map { filled($0) }), gaps: value.gaps)
    case .object(let members):
      let filled = members.map { member in
        Value.Member(key: member.key, value: self.filled(member.value))
      }
      return Value(.object(filled), gaps: value.gaps)
    case .null, .bool, .number: return value
    }
  }

  private mutating func filled(_ text: String) -> Value {
    guard text.contains("{{") else { return .string(text) }
    var result = ""
    var gaps: Set<Gap> = []
    var rest = text[...]
    while let open = rest.firstRange(of: "{{"),
      let close = rest[open.upperBound...].firstRange(of: "}}")
    {
      result += rest[..<open.lowerBound]
      let action = rest[open.upperBound..<close.lowerBound]
      if let value = perform(action) {
        result += value.text ?? ""
        gaps.formUnion(value.gaps)
      } else {
        // What a provisioner fills in, `{{.Path}}`, is its own affair.
        result += rest[open.lowerBound..<close.upperBound]
      }
      rest = rest[close.upperBound...]
      if result.utf8.count > Evaluator.maximumText {
        return .open(Gap("too-long", "a text that is too long", .runtime))
      }
    }
    return Value(.string(result + rest), gaps: gaps)
  }

  /// What an action puts in its place; `nil` for one that stays.
  private mutating func perform(_ action: Substring) -> Value? {
    var text = String(action)
    if text.hasPrefix("- ") { text.removeFirst() }
    if text.hasSuffix(" -") { text.removeLast() }
    guard let stages = Self.words(of: text), let first = stages.first?.first else {
      return .open(Gap("action", "`{{\(text)}}`, which is not understood", .runtime))
    }
    if first.hasPrefix(".") { return nil }
    var value: Value?
    for stage in stages { value = perform(stage, on: value) }
    return value
  }

  private mutating func perform(_ words: [String], on input: Value?) -> Value {
    guard let name = words.first else { return input ?? .string("") }
    let arguments = Array(words.dropFirst())
    switch name {
    case "user": return user(arguments.first ?? "")
    case "env": return environment(arguments.first ?? "")
    case "template_dir": return .string(surroundings.root)
    case "pwd": return .string(".")
    case "build_name":
      return buildName.map(Value.string) ?? .open(Gap(name, "`build_name`", .runtime))
    case "build_type":
      return buildType.map(Value.string) ?? .open(Gap(name, "`build_type`", .runtime))
    default: break
    }
    let operands = arguments.map(Value.string) + (input.map { [$0] } ?? [])
    return Self.pipe(name, operands)
      ?? .open(Gap(name, "`{{\(name)}}`, which only Packer knows as it runs", .runtime))
  }

  /// What a function makes of the value before it in a pipe, its last operand.
  private static func pipe(_ name: String, _ operands: [Value]) -> Value? {
    guard let subject = operands.last, let text = subject.text else { return nil }
    if !subject.gaps.isEmpty { return subject }
    let words = operands.compactMap(\.text)
    switch (name, words.count) {
    case ("lower", 1): return .string(text.lowercased())
    case ("upper", 1): return .string(text.uppercased())
    case ("replace_all", 3):
      return .string(text.components(separatedBy: words[0]).joined(separator: words[1]))
    case ("replace", 4): return replace(words[0], by: words[1], times: Int(words[2]), in: text)
    case ("split", 3):
      let parts = text.components(separatedBy: words[0])
      guard let index = Int(words[1]), parts.indices.contains(index) else { return nil }
      return .string(parts[index])
    default: return nil
    }
  }

  private static func replace(
    _ old: String, by new: String, times: Int?, in text: String
  ) -> Value? {
    guard let times, !old.isEmpty else { return nil }
    let parts = text.components(separatedBy: old)
    let count = times < 0 ? parts.count : times
    var result = parts[0]
    for (index, part) in parts.enumerated().dropFirst() {
      result += (index <= count ? new : old) + part
    }
    return .string(result)
  }

  private mutating func user(_ name: String) -> Value {
    guard let variables else {
      return .open(Gap(name, "the variable `\(name)`, which HCL writes `var.\(name)`", .unset))
    }
    guard let value = variables[name] else {
      return .open(Gap(name, "the variable `\(name)`, which is not declared", .unset))
    }
    if let value = known[name] { return value }
    guard !underway.contains(name), underway.count < Self.maximumDepth else {
      return .open(Gap(name, "the variable `\(name)`, which depends on itself", .unset))
    }
    underway.append(name)
    let result = filled(value)
    underway.removeLast()
    known[name] = result
    return result
  }

  private func environment(_ name: String) -> Value {
    if isSecretName(name) {
      return .open(Gap(name, "the environment variable `\(name)`", .secret))
    }
    return .string(surroundings.environment[name] ?? "")
  }

  /// The words of an action, stage by stage of its pipe; `nil` for what is not understood.
  private static func words(of action: String) -> [[String]]? {
    var stages: [[String]] = [[]]
    var rest = action[...]
    while let character = rest.first {
      switch character {
      case " ", "\t", "\n", "(", ")": rest.removeFirst()
      case "|":
        rest.removeFirst()
        stages.append([])
      case "`", "\"", "'":
        rest.removeFirst()
        guard let end = rest.firstIndex(of: character) else { return nil }
        stages[stages.count - 1].append(String(rest[..<end]))
        rest = rest[rest.index(after: end)...]
      default:
        let word = rest.prefix { !" \t\n()|`\"'".contains($0) }
        rest.removeFirst(word.count)
        stages[stages.count - 1].append(String(word))
      }
    }
    return nested(stages)
  }

  /// `split (user `x`) "-" 0` is the only call within a call that templates have.
  private static func nested(_ stages: [[String]]) -> [[String]]? {
    guard let first = stages.first, first.first == "split", first.count == 5 else { return stages }
    guard first[1] == "user" || first[1] == "env" else { return nil }
    return [[first[1], first[2]], ["split", first[3], first[4]]] + stages.dropFirst()
  }
}
