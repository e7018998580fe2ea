extension ContextFunction {
  /// What takes a lambda.
  static let lambdas: [ContextFunction] = [
    ContextFunction("map", 2...2) { evaluator, call, frame throws(ExpressionFailure) in
      try over(evaluator, call, frame, [1]) { elements, lambdas throws(ExpressionFailure) in
        var results: [ExpressionValue] = []
        for (index, element) in elements.enumerated() {
          results.append(try lambdas[0].value([element], index))
        }
        return .array(results)
      }
    },
    ContextFunction("filter", 2...2) { evaluator, call, frame throws(ExpressionFailure) in
      try over(evaluator, call, frame, [1]) { elements, lambdas throws(ExpressionFailure) in
        var results: [ExpressionValue] = []
        for (index, element) in elements.enumerated() {
          switch try lambdas[0].decision([element], index) {
          case .known(let holds): if holds { results.append(element) }
          case .open(let reason): return .unknown(reason)
          }
        }
        return .array(results)
      }
    },
    ContextFunction("reduce", 3...3) { evaluator, call, frame throws(ExpressionFailure) in
      let first = try evaluator.value(of: call.arguments[1], in: frame)
      return try over(evaluator, call, frame, [2]) { elements, lambdas throws(ExpressionFailure) in
        var result = first
        for (index, element) in elements.enumerated() {
          result = try lambdas[0].value([result, element], index)
        }
        return result.content
      }
    },
    ContextFunction("sort", 2...2) { evaluator, call, frame throws(ExpressionFailure) in
      try over(evaluator, call, frame, [1]) { elements, lambdas throws(ExpressionFailure) in
        try sorted(elements, by: lambdas[0])
      }
    },
    ContextFunction("toObject", 2...3) { evaluator, call, frame throws(ExpressionFailure) in
      let places = Array(1..<call.arguments.count)
      return try over(evaluator, call, frame, places) {
        elements, lambdas throws(ExpressionFailure) in
        var object = ObjectBuilder()
        for (index, element) in elements.enumerated() {
          switch try lambdas[0].key(element, index) {
          case .known(let key):
            try evaluator.session.charge(key.utf8.count)
            object.set(key, lambdas.count > 1 ? try lambdas[1].value([element], index) : element)
          case .open(let reason): return .unknown(reason)
          }
        }
        return .object(object.members)
      }
    },
    ContextFunction("groupBy", 2...2) { evaluator, call, frame throws(ExpressionFailure) in
      try over(evaluator, call, frame, [1]) { elements, lambdas throws(ExpressionFailure) in
        var keys: [String] = []
        var groups: [String: [ExpressionValue]] = [:]
        for (index, element) in elements.enumerated() {
          switch try lambdas[0].key(element, index) {
          case .known(let key):
            try evaluator.session.charge(key.utf8.count)
            if groups[key] == nil { keys.append(key) }
            groups[key, default: []].append(element)
          case .open(let reason): return .unknown(reason)
          }
        }
        var object = ObjectBuilder()
        for key in keys {
          object.set(key, try ExpressionValue(.array(groups[key] ?? []), at: frame.position))
        }
        return .object(object.members)
      }
    },
    ContextFunction("mapValues", 2...2) { evaluator, call, frame throws(ExpressionFailure) in
      let object = try evaluator.value(of: call.arguments[0], in: frame)
      if case .unknown = object.content { return object }
      guard case .object(let members) = object.content else {
        throw ExpressionFailure("`mapValues`: argument 1 must be an object, not \(object.spoken)")
      }
      let lambda = try Lambda(call.arguments[1], of: call.name, evaluator, frame)
      var results: [ExpressionValue.Member] = []
      for (index, member) in members.enumerated() {
        let value = try lambda.value([member.value], index)
        results.append(ExpressionValue.Member(member.key, value, at: member.keyPosition))
      }
      return try ExpressionValue(.object(results), at: frame.position)
    },
    ContextFunction("lambda", 1...TemplateFunction.many) { _, _, _ throws(ExpressionFailure) in
      throw ExpressionFailure(
        "`lambda` stands only as an argument of `map`, `filter` and their kin")
    },
    ContextFunction("lambdaVariables", 1...1) { evaluator, call, frame throws(ExpressionFailure) in
      let name = try evaluator.arguments(of: call, in: frame).string(0)
      if let value = frame.lambdaVariables[name.lowercased()] { return value }
      throw ExpressionFailure("there is no lambda around with the variable \(quoted(name))")
    },
  ]

  /// Hands the elements of the first argument, and the lambdas, to `body`.
  private static func over(
    _ evaluator: Evaluator, _ call: Expression.Call, _ frame: EvaluationFrame, _ places: [Int],
    _ body: ([ExpressionValue], [Lambda]) throws(ExpressionFailure) -> ExpressionValue.Content
  ) throws(ExpressionFailure) -> ExpressionValue {
    let array = try evaluator.value(of: call.arguments[0], in: frame)
    if case .unknown = array.content { return array }
    guard case .array(let elements) = array.content else {
      throw ExpressionFailure(
        "`\(call.name)`: argument 1 must be an array, not \(array.spoken)")
    }
    var lambdas: [Lambda] = []
    for place in places {
      lambdas.append(try Lambda(call.arguments[place], of: call.name, evaluator, frame))
    }
    let result = try ExpressionValue(try body(elements, lambdas), at: frame.position)
    try evaluator.session.charge(result.weight)
    return result
  }

  /// Sorts by merging: as many comparisons as needed, and none that a wrong lambda could mislead.
  private static func sorted(
    _ elements: [ExpressionValue], by lambda: Lambda
  ) throws(ExpressionFailure) -> ExpressionValue.Content {
    var runs = elements.map { [$0] }
    while runs.count > 1 {
      var merged: [[ExpressionValue]] = []
      for start in stride(from: 0, to: runs.count, by: 2) {
        guard start + 1 < runs.count else {
          merged.append(runs[start])
          continue
        }
        var (left, right) = (runs[start][...], runs[start + 1][...])
        var run: [ExpressionValue] = []
        while let first = left.first, let second = right.first {
          switch try lambda.decision([second, first], nil) {
          case .known(let comesFirst):
            run.append(comesFirst ? second : first)
            if comesFirst { right.removeFirst() } else { left.removeFirst() }
          case .open(let reason): return .unknown(reason)
          }
        }
        merged.append(run + left + right)
      }
      runs = merged
    }
    return .array(runs.first ?? [])
  }
}

/// A `lambda(…)` of an expression, with what is around it.
struct Lambda {
  /// What a lambda says, where it can be said.
  enum Answer<Value> {
    case known(Value)
    case open(ExpressionValue.Unknown)
  }

  private let function: String
  private let names: [String]
  private let body: Expression
  private let evaluator: Evaluator
  private let frame: EvaluationFrame

  init(
    _ expression: Expression, of function: String, _ evaluator: Evaluator, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) {
    guard case .call(let call) = expression, call.name.lowercased() == "lambda",
      let body = call.arguments.last
    else { throw ExpressionFailure("`\(function)` needs a `lambda('name', …)`") }
    var names: [String] = []
    for argument in call.arguments.dropLast() {
      guard case .string(let name) = argument else {
        throw ExpressionFailure(
          "a lambda begins with the names of its variables, as strings",
          character: call.character)
      }
      names.append(name.lowercased())
    }
    self.function = function
    self.names = names
    self.body = body
    self.evaluator = evaluator
    self.frame = frame
  }

  /// What the lambda makes of `values`, and of the place of the element where it asks for it.
  func value(
    _ values: [ExpressionValue], _ index: Int?
  ) throws(ExpressionFailure) -> ExpressionValue {
    var values = values
    if let index, names.count == values.count + 1 {
      values.append(try ExpressionValue(.integer(index), at: frame.position))
    }
    guard names.count <= values.count else {
      throw ExpressionFailure(
        "the lambda of `\(function)` has \(names.count) variables, and gets \(values.count)")
    }
    var inner = frame
    for (name, value) in zip(names, values) { inner.lambdaVariables[name] = value }
    return try evaluator.value(of: body, in: inner)
  }

  func decision(
    _ values: [ExpressionValue], _ index: Int?
  ) throws(ExpressionFailure) -> Answer<Bool> {
    let result = try value(values, index)
    switch result.content {
    case .bool(let holds): return .known(holds)
    case .unknown(let reason): return .open(reason)
    default:
      throw ExpressionFailure(
        "the lambda of `\(function)` must give true or false, not \(result.spoken)")
    }
  }

  func key(_ element: ExpressionValue, _ index: Int) throws(ExpressionFailure) -> Answer<String> {
    let result = try value([element], index)
    switch result.content {
    case .string(let key): return .known(key)
    case .unknown(let reason): return .open(reason)
    default:
      throw ExpressionFailure(
        "the lambda of `\(function)` must give a string, not \(result.spoken)")
    }
  }
}
