/// What the evaluation of one document shares: the bounds of its work, the expressions that were
/// read already, and what was found.
///
/// It is a class, for scopes within scopes count towards the same bounds.
final class EvaluationSession {
  var findings = Findings()

  /// The texts that no message and no log may show.
  private(set) var secrets: Set<String> = []

  /// The resources that expressions asked for, in turn: whoever asks for one waits for it.
  private(set) var references: [Reference] = []

  private var suggestions = 0
  private var steps = 0
  private var weight = 0
  private var depth = 0
  private var parsed: [String: Result<Expression, ExpressionFailure>] = [:]
  private var reported: Set<ExpressionFailure> = []

  /// Counts an expression, a call or an element.
  func step() throws(ExpressionFailure) {
    steps += 1
    guard steps <= ExpressionLimits.steps else {
      throw ExpressionFailure(
        "the template takes more than \(ExpressionLimits.steps) steps to evaluate")
    }
  }

  /// Counts what values hold that are made or looked through.
  func charge(_ amount: Int) throws(ExpressionFailure) {
    weight += amount
    guard weight <= ExpressionLimits.totalWeight else {
      throw ExpressionFailure(
        "the template makes values of more than \(ExpressionLimits.totalWeight) characters")
    }
  }

  /// Evaluates something one level deeper.
  func deeper<Value>(
    _ body: () throws(ExpressionFailure) -> Value
  ) throws(ExpressionFailure) -> Value {
    guard depth < ExpressionLimits.evaluationDepth else {
      throw ExpressionFailure(
        "expressions, variables and functions nest deeper than "
          + "\(ExpressionLimits.evaluationDepth) levels")
    }
    depth += 1
    defer { depth -= 1 }
    return try body()
  }

  /// Notes that an expression of a template asks for a resource.
  func note(reference name: String, in scope: DeploymentScope) throws(ExpressionFailure) {
    try charge(name.utf8.count)
    references.append(Reference(name: name.lowercased(), scope: ObjectIdentifier(scope)))
  }

  /// The expression that a text with its brackets stands for.
  func expression(_ text: String) throws(ExpressionFailure) -> Expression {
    if let known = parsed[text] { return try known.get() }
    let result: Result<Expression, ExpressionFailure>
    do throws(ExpressionFailure) {
      result = .success(try ExpressionParser.parse(text))
    } catch {
      result = .failure(error)
    }
    parsed[text] = result
    return try result.get()
  }

  /// The name that is most likely meant by one that is not there, as a hint.
  ///
  /// To look for one takes long, and a document with hundreds of such names, or with thousands to
  /// choose from, gets no more of them.
  func suggestion(for name: String, among names: some Collection<String>) -> String? {
    guard suggestions < ExpressionLimits.suggestions, names.count <= ExpressionLimits.choices else {
      return nil
    }
    suggestions += 1
    return nearest(to: name, among: names.sorted()).map { "did you mean `\(printable($0))`?" }
  }

  /// Reports a failure, once, however often it is met.
  func report(_ failure: ExpressionFailure, at position: SourcePosition, path: String) {
    let placed = failure.placed(at: position)
    guard reported.insert(placed).inserted else { return }
    findings.fail(
      .failedExpression, "cannot evaluate the expression: \(placed.told)",
      at: placed.position ?? position,
      path: placed.position == position ? path : "", hint: placed.hint)
  }

  /// Remembers all texts in a value as secret.
  func keepSecret(_ value: ExpressionValue) {
    switch value.content {
    case .string(let text): if !text.isEmpty { secrets.insert(text) }
    case .integer, .decimal: secrets.insert(value.text)
    case .array(let elements): for element in elements { keepSecret(element) }
    case .object(let members): for member in members { keepSecret(member.value) }
    case .null, .bool, .unknown: break
    }
  }
}

/// A resource that an expression asks for, by its name or id in lower case.
struct Reference {
  let name: String
  /// The template whose resource it is.
  let scope: ObjectIdentifier
}

/// What an expression sees beside its scope.
struct EvaluationFrame {
  /// What becomes of an expression that fails.
  enum Failures {
    /// The failure is thrown: what depends on the expression fails as well.
    case thrown
    /// It is reported, and the evaluation goes on, so that all mistakes show at once.
    case collected
  }

  /// Where an expression stands: some functions are for defaults of parameters only.
  enum Place {
    case parameterDefault, elsewhere
  }

  /// One turn of a `copy` loop.
  struct Loop {
    enum Kind { case resource, property }
    let name: String
    let index: Int
    let kind: Kind
  }

  /// Where the string stands that is evaluated.
  var position = SourcePosition.start
  var path = ""
  var failures = Failures.thrown
  var place = Place.elsewhere
  var loops: [Loop] = []

  /// The variables of the lambdas around, by name.
  var lambdaVariables: [String: ExpressionValue] = [:]

  /// The arguments of the user's own function that is evaluated, by name in lower case.
  var arguments: [String: ExpressionValue]?

  func inside(_ loop: Loop) -> EvaluationFrame {
    var frame = self
    frame.loops.append(loop)
    return frame
  }
}
