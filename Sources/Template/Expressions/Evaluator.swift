/// Evaluates expressions in a scope: the parameters, variables and functions of one template.
struct Evaluator {
  let scope: DeploymentScope

  var session: EvaluationSession { scope.session }

  /// The value of an expression.
  func value(
    of expression: Expression, in frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    try session.step()
    return try session.deeper { () throws(ExpressionFailure) in
      switch expression {
      case .string(let text): return try ExpressionValue(.string(text), at: frame.position)
      case .integer(let number): return try ExpressionValue(.integer(number), at: frame.position)
      case .call(let call): return try value(of: call, in: frame)
      case .member(let base, let name, let character):
        let base = try value(of: base, in: frame)
        do throws(ExpressionFailure) {
          return try member(name, of: base)
        } catch {
          throw error.placed(character: character)
        }
      case .index(let base, let index, let character):
        let base = try value(of: base, in: frame)
        let index = try value(of: index, in: frame)
        do throws(ExpressionFailure) {
          return try element(index, of: base)
        } catch {
          throw error.placed(character: character)
        }
      }
    }
  }

  private func value(
    of call: Expression.Call, in frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    do throws(ExpressionFailure) {
      let name = call.name.lowercased()
      if let function = ContextFunction.all[name] {
        try check(call, takes: function.count)
        let value = try function.value(self, call, frame)
        // What is made of nothing is counted here, and what is made of arguments where it is made.
        if call.arguments.isEmpty { try session.charge(value.weight) }
        return value
      }
      if let function = TemplateFunction.all[name] {
        try check(call, takes: function.count)
        return try apply(function, call, frame)
      }
      if let function = scope.function(name) { return try apply(function, call, frame) }
      if ContextFunction.isAzureOnly(name) {
        try noteResource(call, frame)
        return ExpressionValue(unknown: .azure(function: call.name), at: frame.position)
      }
      throw unknownFunction(call.name)
    } catch {
      throw error.placed(character: call.character)
    }
  }

  /// The values of a call's arguments.
  func arguments(
    of call: Expression.Call, in frame: EvaluationFrame
  ) throws(ExpressionFailure) -> Arguments {
    var values: [ExpressionValue] = []
    for argument in call.arguments { values.append(try value(of: argument, in: frame)) }
    return Arguments(function: call.name, values: values, position: frame.position)
  }

  private func check(
    _ call: Expression.Call, takes count: ClosedRange<Int>
  ) throws(ExpressionFailure) {
    guard !count.contains(call.arguments.count) else { return }
    let wanted: String =
      if count.lowerBound == count.upperBound {
        count.lowerBound == 1 ? "1 argument" : "\(count.lowerBound) arguments"
      } else if count.upperBound == TemplateFunction.many {
        "at least \(count.lowerBound) arguments"
      } else {
        "\(count.lowerBound) to \(count.upperBound) arguments"
      }
    throw ExpressionFailure("`\(call.name)` takes \(wanted), not \(call.arguments.count)")
  }

  private func apply(
    _ function: TemplateFunction, _ call: Expression.Call, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    let arguments = try arguments(of: call, in: frame)
    var marks: ExpressionValue.Marks = []
    for value in arguments.values {
      try session.charge(value.weight * function.effort)
      marks.formUnion(value.marks.intersection(.secret))
      let open =
        switch (function.demand, value.content) {
        case (.contents, _): value.openReason
        case (.arguments, .unknown(let reason)): reason
        default: nil as ExpressionValue.Unknown?
        }
      if let open { return ExpressionValue(unknown: open, at: frame.position) }
    }
    let content = try function.result(arguments)
    let result = try ExpressionValue(content, at: frame.position, marks: marks)
    try session.charge(result.weight)
    return result
  }

  /// Notes the resource that a call asks Azure for, where it can be told.
  private func noteResource(
    _ call: Expression.Call, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) {
    guard let argument = call.arguments.first else { return }
    var name: String?
    do throws(ExpressionFailure) {
      if case .string(let text) = try value(of: argument, in: frame).content { name = text }
    } catch {
      // What only Azure could use is no mistake of the build's.
    }
    if let name { try session.note(reference: name, in: scope) }
  }

  private func unknownFunction(_ name: String) -> ExpressionFailure {
    ExpressionFailure(
      "there is no function \(quoted(name))",
      hint: session.suggestion(for: name, among: ExpressionLanguage.functionNames))
  }
}

extension Evaluator {
  /// A member of an object.
  func member(
    _ name: String, of base: ExpressionValue
  ) throws(ExpressionFailure) -> ExpressionValue {
    switch base.content {
    case .unknown: return base
    case .object(let members):
      try session.charge(members.count * ExpressionLimits.memberWeight + name.utf8.count)
      if let value = base.member(name) { return value }
      let keys = members.lazy.map(\.key)
      throw ExpressionFailure(
        "the object has no member \(quoted(name)): it has \(Self.listed(keys))",
        hint: session.suggestion(for: name, among: keys))
    default:
      throw ExpressionFailure("cannot take the member \(quoted(name)) of \(base.spoken)")
    }
  }

  /// An element of an array, or a member of an object.
  func element(
    _ index: ExpressionValue, of base: ExpressionValue
  ) throws(ExpressionFailure) -> ExpressionValue {
    switch (base.content, index.content) {
    case (.unknown, _): return base
    case (_, .unknown(let reason)): return ExpressionValue(unknown: reason, at: base.position)
    case (.array(let elements), .integer(let place)):
      guard elements.indices.contains(place) else {
        throw ExpressionFailure(
          "the index `\(place)` is outside an array of \(elements.count)",
          hint: elements.isEmpty ? nil : "the first element has the index 0")
      }
      return elements[place]
    case (.object, .string(let name)): return try member(name, of: base)
    default: throw ExpressionFailure("cannot take \(index.spoken) of \(base.spoken)")
    }
  }

  /// A few names, for a message.
  static func listed(_ names: some Collection<String>) -> String {
    guard !names.isEmpty else { return "none" }
    let shown = names.prefix(6).map { quoted($0) }.joined(separator: ", ")
    return names.count > 6 ? "\(shown) and \(names.count - 6) more" : shown
  }
}
