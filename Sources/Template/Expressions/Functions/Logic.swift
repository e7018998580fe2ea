extension TemplateFunction {
  /// Truth values and comparisons; `if`, `and`, `or` and `coalesce` are the evaluator's own, for
  /// they leave arguments alone.
  static let logic: [TemplateFunction] = [
    TemplateFunction("true", 0...0) { _ throws(ExpressionFailure) in .bool(true) },
    TemplateFunction("false", 0...0) { _ throws(ExpressionFailure) in .bool(false) },
    TemplateFunction("not", 1...1) { call throws(ExpressionFailure) in
      .bool(!(try call.bool(0)))
    },
    TemplateFunction("bool", 1...1) { call throws(ExpressionFailure) in
      switch call[0].content {
      case .bool(let value): return .bool(value)
      case .integer(let value): return .bool(value != 0)
      case .string(let text):
        switch text.lowercased() {
        case "true", "1": return .bool(true)
        case "false", "0": return .bool(false)
        default: throw call.failure("\(call[0].spoken) is neither `true` nor `false`")
        }
      default: throw call.wrong(0, "a string or a number")
      }
    },
    TemplateFunction("equals", 2...2) { call throws(ExpressionFailure) in
      .bool(call[0].equals(call[1]))
    },
    TemplateFunction("less", 2...2) { call throws(ExpressionFailure) in
      .bool(try order(call) < 0)
    },
    TemplateFunction("lessOrEquals", 2...2) { call throws(ExpressionFailure) in
      .bool(try order(call) <= 0)
    },
    TemplateFunction("greater", 2...2) { call throws(ExpressionFailure) in
      .bool(try order(call) > 0)
    },
    TemplateFunction("greaterOrEquals", 2...2) { call throws(ExpressionFailure) in
      .bool(try order(call) >= 0)
    },
  ]

  /// Less than zero where the first comes before the second.
  private static func order(_ call: Arguments) throws(ExpressionFailure) -> Int {
    switch (call[0].content, call[1].content) {
    case (.integer(let left), .integer(let right)): left < right ? -1 : left > right ? 1 : 0
    case (.string(let left), .string(let right)): compare(left, right)
    default:
      throw call.failure(
        "it compares two numbers or two strings, not \(call[0].spoken) and \(call[1].spoken)")
    }
  }

  /// The order of the service's culture: letters first, and of the same letter the small one.
  private static func compare(_ left: String, _ right: String) -> Int {
    let (first, second) = (left.lowercased(), right.lowercased())
    if first != second { return first < second ? -1 : 1 }
    for (one, other) in zip(left, right) where one != other { return one > other ? -1 : 1 }
    return 0
  }
}
