/// Gives expressions their values.
///
/// What only Packer knows while it runs becomes a ``Gap``, and so does what is not understood:
/// the rest of a template does not suffer from it.
struct Evaluator {
  /// How many expressions are evaluated for a template; beyond it, all are gaps.
  static let maximumSteps = 200_000
  /// How many characters a text may grow to.
  static let maximumText = 1 << 20
  /// How many locals may depend on each other in a row.
  static let maximumLocals = 64

  let surroundings: Surroundings
  var variables: [String: Value] = [:]
  /// Locals that are not asked for have no value yet.
  var locals: [String: HCLExpression] = [:]
  private var known: [String: Value] = [:]
  private var underway: [String] = []
  private var bound: [String: Value] = [:]
  private var steps = 0

  init(surroundings: Surroundings) {
    self.surroundings = surroundings
  }

  /// The value of an expression.
  mutating func value(_ expression: HCLExpression) -> Value {
    steps += 1
    guard steps <= Self.maximumSteps else {
      return .open(Gap("too-large", "an expression of a template that is too large", .runtime))
    }
    switch expression.kind {
    case .literal(let content): return Value(content)
    case .template(let pieces): return text(of: pieces)
    case .list(let items): return Value(.list(items.map { value($0) }))
    case .object(let members): return object(members)
    case .name, .member: return reference(expression)
    case .index(let base, let index): return element(of: value(base), at: value(index))
    case .splat(let base, let names): return splat(value(base), names)
    case .call(let name, let arguments): return call(name, arguments)
    case .conditional(let condition, let yes, let no):
      return choose(value(condition), yes, no)
    case .not(let operand):
      let operand = value(operand)
      return Value(.bool(operand.text != "true"), gaps: operand.gaps).orGap
    case .negative(let operand):
      let operand = value(operand)
      return Value(.number("-\(operand.text ?? "0")"), gaps: operand.gaps).orGap
    case .binary(let sign, let left, let right):
      return binary(sign, value(left), value(right))
    case .iteration(let iteration): return iterate(iteration)
    }
  }

  private mutating func text(of pieces: [HCLExpression.Piece]) -> Value {
    var text = ""
    var gaps: Set<Gap> = []
    for piece in pieces {
      switch piece {
      case .text(let plain): text += plain
      case .interpolation(let expression):
        let value = value(expression)
        if pieces.count == 1 { return value }
        guard let part = value.text else {
          return .open(Gap("value", "\(value.spoken) within a string", .runtime))
        }
        text += part
        gaps.formUnion(value.gaps)
      }
      if text.utf8.count > Self.maximumText {
        return .open(Gap("too-long", "a text that is too long", .runtime))
      }
    }
    return Value(.string(text), gaps: gaps)
  }

  private mutating func object(
    _ members: [(key: HCLExpression, value: HCLExpression)]
  ) -> Value {
    Value.object(
      members.map { member in (value(member.key).text ?? "", value(member.value)) })
  }

  private mutating func choose(
    _ condition: Value, _ yes: HCLExpression, _ no: HCLExpression
  ) -> Value {
    if let gap = condition.gaps.first { return .open(gap) }
    return value(condition.text == "true" ? yes : no)
  }

  private func splat(_ list: Value, _ names: [String]) -> Value {
    if !list.gaps.isEmpty { return list }
    var items: [Value]
    switch list.content {
    case .list(let values): items = values
    case .null: items = []
    default: items = [list]
    }
    for name in names { items = items.map { element(of: $0, at: .string(name)) } }
    return Value(.list(items))
  }

  /// The element of a list or an object; a gap stays what it is.
  func element(of base: Value, at index: Value) -> Value {
    if let gap = base.gaps.union(index.gaps).first { return .open(gap) }
    switch base.content {
    case .list(let values):
      if let position = index.text.flatMap(Int.init), values.indices.contains(position) {
        return values[position]
      }
    case .object(let members):
      if let member = members.last(where: { $0.key == index.text }) { return member.value }
    default: break
    }
    let wanted = index.text ?? "?"
    return .open(Gap(wanted, "the element `\(wanted)`, which \(base.spoken) does not have", .unset))
  }

  private mutating func iterate(_ iteration: HCLExpression.Iteration) -> Value {
    let collection = value(iteration.collection)
    if let gap = collection.gaps.first { return .open(gap) }
    let outer = bound
    defer { bound = outer }
    var values: [Value] = []
    var members: [(String, Value)] = []
    for (key, item) in collection.pairs {
      if iteration.names.count == 2 {
        bound[iteration.names[0]] = key
        bound[iteration.names[1]] = item
      } else {
        bound[iteration.names[0]] = item
      }
      if let condition = iteration.condition, value(condition).text != "true" { continue }
      let result = value(iteration.value)
      if let key = iteration.key {
        members.append((value(key).text ?? "", result))
      } else {
        values.append(result)
      }
    }
    return iteration.key == nil ? Value(.list(values)) : .object(members)
  }
}

extension Evaluator {
  /// The value that a name, or names with points between, stands for.
  private mutating func reference(_ expression: HCLExpression) -> Value {
    switch expression.kind {
    case .name(let name): return bound[name] ?? runtime([name])
    case .member(let base, let name):
      guard case .name(let root) = base.kind, bound[root] == nil else {
        if let path = Self.path(of: expression), bound[path[0]] == nil, Self.isRuntime(path[0]) {
          return runtime(path)
        }
        return element(of: value(base), at: .string(name))
      }
      switch (root, name) {
      case ("var", _):
        return variables[name]
          ?? .open(Gap(name, "the variable `\(name)`, which is not declared", .unset))
      case ("local", _): return local(name)
      case ("path", "root"): return .string(surroundings.root)
      case ("path", "cwd"): return .string(".")
      default: return runtime([root, name])
      }
    default: return value(expression)
    }
  }

  private static func isRuntime(_ root: String) -> Bool {
    ["data", "build", "source", "packer", "each"].contains(root)
  }

  private func runtime(_ path: [String]) -> Value {
    let name = path.joined(separator: ".")
    return .open(Gap(name, "`\(name)`, which only Packer knows as it runs", .runtime))
  }

  private static func path(of expression: HCLExpression) -> [String]? {
    switch expression.kind {
    case .name(let name): [name]
    case .member(let base, let name): path(of: base).map { $0 + [name] }
    default: nil
    }
  }

  private mutating func local(_ name: String) -> Value {
    if let value = known[name] { return value }
    guard let expression = locals[name] else {
      return .open(Gap(name, "the local `\(name)`, which is not defined", .unset))
    }
    guard !underway.contains(name), underway.count < Self.maximumLocals else {
      return .open(Gap(name, "the local `\(name)`, which depends on itself", .unset))
    }
    underway.append(name)
    let outer = bound
    bound = [:]
    let result = value(expression)
    bound = outer
    underway.removeLast()
    known[name] = result
    return result
  }

  /// Gives a local its value beforehand, as one that holds a secret has.
  mutating func define(local name: String, as value: Value) { known[name] = value }
}

extension Value {
  /// An object; of members with the same key the last counts.
  static func object(_ members: [(String, Value)]) -> Value {
    var result: [Member] = []
    var places: [String: Int] = [:]
    for (key, value) in members {
      if let place = places[key] {
        result[place] = Member(key: key, value: value)
      } else {
        places[key] = result.count
        result.append(Member(key: key, value: value))
      }
    }
    return Value(.object(result))
  }

  /// The same, or the placeholder of what it depends on.
  var orGap: Value { gaps.first.map(Value.open) ?? self }

  /// The elements of a list with their numbers, or the members of an object with their keys.
  var pairs: [(key: Value, value: Value)] {
    switch content {
    case .list(let values):
      values.enumerated().map { (Value(.number("\($0.offset)")), $0.element) }
    case .object(let members): members.map { (.string($0.key), $0.value) }
    default: []
    }
  }
}
