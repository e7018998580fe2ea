/// A function that sees more than its arguments: the scope, loops and lambdas, or that leaves some
/// of its arguments unevaluated.
struct ContextFunction: Sendable {
  /// The name as it is documented; any case is understood.
  let name: String

  /// How many arguments it takes.
  let count: ClosedRange<Int>

  let value:
    @Sendable (Evaluator, Expression.Call, EvaluationFrame) throws(ExpressionFailure) ->
      ExpressionValue

  init(
    _ name: String, _ count: ClosedRange<Int>,
    _ value:
      @escaping @Sendable (Evaluator, Expression.Call, EvaluationFrame) throws(ExpressionFailure)
      -> ExpressionValue
  ) {
    self.name = name
    self.count = count
    self.value = value
  }

  /// All of them, by their names in lower case.
  static let all: [String: ContextFunction] = {
    let functions = choices + lambdas + declared + scopes
    return Dictionary(functions.map { ($0.name.lowercased(), $0) }) { first, _ in first }
  }()

  /// Whether only Azure can answer: the function asks a resource that exists there.
  static func isAzureOnly(_ name: String) -> Bool {
    azureOnly.contains(name) || (name.hasPrefix("list") && name.count > 4)
  }

  private static let azureOnly: Set<String> = [
    "reference", "references", "providers", "pickzones", "tologicalzone", "tologicalzones",
    "tophysicalzone", "tophysicalzones", "getsecret", "externalinput",
  ]
}
