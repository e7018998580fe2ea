import FoundationEssentials

extension Evaluator {
  /// What an operator makes of two values.
  func binary(_ sign: String, _ left: Value, _ right: Value) -> Value {
    if let gap = left.allGaps.union(right.allGaps).first { return .open(gap) }
    switch sign {
    case "&&": return Value(.bool(left.text == "true" && right.text == "true"))
    case "||": return Value(.bool(left.text == "true" || right.text == "true"))
    case "==": return Value(.bool(Self.areEqual(left, right)))
    case "!=": return Value(.bool(!Self.areEqual(left, right)))
    default: break
    }
    guard let first = left.double, let second = right.double else {
      return .open(Gap("number", "\(left.spoken) \(sign) \(right.spoken)", .unset))
    }
    switch sign {
    case "<": return Value(.bool(first < second))
    case ">": return Value(.bool(first > second))
    case "<=": return Value(.bool(first <= second))
    case ">=": return Value(.bool(first >= second))
    case "+": return .number(first + second)
    case "-": return .number(first - second)
    case "*": return .number(first * second)
    case "/" where second != 0: return .number(first / second)
    case "%" where second != 0: return .number(first.truncatingRemainder(dividingBy: second))
    default: return .open(Gap("number", "a division by zero", .unset))
    }
  }

  private static func areEqual(_ left: Value, _ right: Value) -> Bool {
    if case .number = left.content, case .number = right.content {
      return left.double == right.double
    }
    return left.content == right.content
  }
}

extension Value {
  /// A number as HCL writes it: whole ones without a point.
  static func number(_ value: Double) -> Value {
    guard value.isFinite else { return .open(Gap("number", "a number that is too large", .unset)) }
    let isWhole = value == value.rounded() && abs(value) < 1e15
    return Value(.number(isWhole ? "\(Int(value))" : "\(value)"))
  }
}
