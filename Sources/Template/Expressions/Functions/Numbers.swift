extension TemplateFunction {
  /// Whole numbers.
  static let numbers: [TemplateFunction] = [
    TemplateFunction("add", 2...2) { call throws(ExpressionFailure) in
      try calculate(call) { $0.addingReportingOverflow($1) }
    },
    TemplateFunction("sub", 2...2) { call throws(ExpressionFailure) in
      try calculate(call) { $0.subtractingReportingOverflow($1) }
    },
    TemplateFunction("mul", 2...2) { call throws(ExpressionFailure) in
      try calculate(call) { $0.multipliedReportingOverflow(by: $1) }
    },
    TemplateFunction("div", 2...2) { call throws(ExpressionFailure) in
      try divide(call) { $0.dividedReportingOverflow(by: $1) }
    },
    TemplateFunction("mod", 2...2) { call throws(ExpressionFailure) in
      try divide(call) { $0.remainderReportingOverflow(dividingBy: $1) }
    },
    TemplateFunction("min", 1...many) { call throws(ExpressionFailure) in
      try extreme(call) { $0.min() }
    },
    TemplateFunction("max", 1...many) { call throws(ExpressionFailure) in
      try extreme(call) { $0.max() }
    },
    TemplateFunction("int", 1...1) { call throws(ExpressionFailure) in
      switch call[0].content {
      case .integer(let value): return .integer(value)
      case .decimal(let value):
        guard value.magnitude < 9e18 else { throw call.wrong(0, "a number within 64 bits") }
        return .integer(Int(value))
      case .string(let text):
        guard let value = Int(text.filter { $0 != " " }) else {
          throw call.failure("\(call[0].spoken) is no whole number")
        }
        return .integer(value)
      default: throw call.wrong(0, "a number or a string")
      }
    },
    TemplateFunction("float", 1...1) { call throws(ExpressionFailure) in
      switch call[0].content {
      case .integer(let value): return .decimal(Double(value))
      case .decimal(let value): return .decimal(value)
      case .string(let text):
        guard let value = Double(text), value.isFinite else {
          throw call.failure("\(call[0].spoken) is no number")
        }
        return .decimal(value)
      default: throw call.wrong(0, "a number or a string")
      }
    },
  ]

  private static func calculate(
    _ call: Arguments, _ result: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws(ExpressionFailure) -> ExpressionValue.Content {
    let (left, right) = (try call.integer(0), try call.integer(1))
    let (value, overflow) = result(left, right)
    guard !overflow else {
      throw call.failure("the result of \(left) and \(right) is beyond 64 bits")
    }
    return .integer(value)
  }

  private static func divide(
    _ call: Arguments, _ result: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws(ExpressionFailure) -> ExpressionValue.Content {
    guard try call.integer(1) != 0 else {
      throw call.failure("cannot divide \(try call.integer(0)) by zero")
    }
    return try calculate(call, result)
  }

  private static func extreme(
    _ call: Arguments, of choose: ([Int]) -> Int?
  ) throws(ExpressionFailure) -> ExpressionValue.Content {
    var values = call.values
    if call.count == 1, case .array(let elements) = call[0].content { values = elements }
    var numbers: [Int] = []
    for (index, value) in values.enumerated() {
      guard case .integer(let number) = value.content else {
        throw call.wrong(call.count == 1 ? 0 : index, "whole numbers, or an array of them")
      }
      numbers.append(number)
    }
    guard let result = choose(numbers) else { throw call.failure("an empty array has none") }
    return .integer(result)
  }
}
