extension ContextFunction {
  /// What decides which of its arguments is evaluated at all.
  static let choices: [ContextFunction] = [
    ContextFunction("if", 3...3) { evaluator, call, frame throws(ExpressionFailure) in
      let condition = try evaluator.value(of: call.arguments[0], in: frame)
      switch condition.content {
      case .bool(let holds):
        return try evaluator.value(of: call.arguments[holds ? 1 : 2], in: frame)
      case .unknown: return condition
      default:
        throw ExpressionFailure("`if`: argument 1 must be true or false, not \(condition.spoken)")
      }
    },
    ContextFunction("and", 2...TemplateFunction.many) {
      evaluator, call, frame throws(ExpressionFailure) in
      try decide(evaluator, call, frame, settledBy: false)
    },
    ContextFunction("or", 2...TemplateFunction.many) {
      evaluator, call, frame throws(ExpressionFailure) in
      try decide(evaluator, call, frame, settledBy: true)
    },
    ContextFunction("coalesce", 1...TemplateFunction.many) {
      evaluator, call, frame throws(ExpressionFailure) in
      for argument in call.arguments {
        let value = try evaluator.value(of: argument, in: frame)
        guard case .null = value.content else { return value }
      }
      return try null(frame)
    },
    ContextFunction("tryGet", 2...TemplateFunction.many) {
      evaluator, call, frame throws(ExpressionFailure) in
      let arguments = try evaluator.arguments(of: call, in: frame)
      var value = arguments[0]
      for key in arguments.values.dropFirst() {
        switch (value.content, key.content) {
        case (.unknown, _): return value
        case (_, .unknown(let reason)):
          return ExpressionValue(unknown: reason, at: frame.position)
        case (.object(let members), .string(let name)):
          try evaluator.session.charge(members.count * ExpressionLimits.memberWeight)
          guard let found = value.member(name) else { return try null(frame) }
          value = found
        case (.array(let elements), .integer(let place)):
          guard elements.indices.contains(place) else { return try null(frame) }
          value = elements[place]
        default: return try null(frame)
        }
      }
      return value
    },
    ContextFunction("fail", 1...1) { evaluator, call, frame throws(ExpressionFailure) in
      let message = try evaluator.arguments(of: call, in: frame)[0]
      throw ExpressionFailure("the template fails on purpose: \(message.spoken)")
    },
  ]

  private static func null(_ frame: EvaluationFrame) throws(ExpressionFailure) -> ExpressionValue {
    try ExpressionValue(.null, at: frame.position)
  }

  /// `and` and `or`: the first value that settles it ends it.
  private static func decide(
    _ evaluator: Evaluator, _ call: Expression.Call, _ frame: EvaluationFrame,
    settledBy settling: Bool
  ) throws(ExpressionFailure) -> ExpressionValue {
    var open: ExpressionValue?
    for (index, argument) in call.arguments.enumerated() {
      let value = try evaluator.value(of: argument, in: frame)
      switch value.content {
      case .bool(settling): return value
      case .bool: continue
      case .unknown: open = value
      default:
        throw ExpressionFailure(
          "`\(call.name)`: argument \(index + 1) must be true or false, not \(value.spoken)")
      }
    }
    if let open { return open }
    return try ExpressionValue(.bool(!settling), at: frame.position)
  }
}
