/// What the expressions of one template see: its parameters, variables, functions and nested
/// deployments, each evaluated when it is asked for, and once.
///
/// It is a class, for what it has evaluated must be known to all who ask.
final class DeploymentScope {
  /// Where a parameter's value comes from.
  enum Source {
    /// From the user.
    case given(DeploymentInputs.Given)
    /// From the template around, whose expression is evaluated there.
    case outer(JSONValue, Evaluator, EvaluationFrame)
    /// From a key vault, which nothing here can read.
    case keyVault
  }

  /// What happens where a parameter has neither a value nor a default.
  enum Missing {
    /// The user can give it: it is not known until then.
    case asked
    /// The template around had to give it.
    case refused
  }

  let session: EvaluationSession
  let template: JSONValue
  let site: DeploymentSite
  let deploymentName: String
  /// Where the template stands: the names of the deployments around it.
  let path: String
  let declarations: [String: ParameterDeclaration]

  private let sources: [String: Source]
  private let missing: Missing
  private let functions: [String: UserFunction]
  private var variables: [String: JSONValue] = [:]
  private var variableLoops: [String: CopyLoop] = [:]
  private var values: [String: State] = [:]
  private var nested: [String: NestedDeployment] = [:]

  private enum State {
    case underway
    case done(Result<ExpressionValue, ExpressionFailure>)
  }

  init(
    _ template: JSONValue, _ session: EvaluationSession, _ site: DeploymentSite,
    name: String, path: String, sources: [String: Source], missing: Missing
  ) {
    self.template = template
    self.session = session
    self.site = site
    self.path = path
    deploymentName = name
    self.sources = sources
    self.missing = missing
    functions = UserFunction.all(in: template)
    var declarations: [String: ParameterDeclaration] = [:]
    for member in template.field("parameters")?.fields ?? [] {
      declarations[member.key.lowercased()] = ParameterDeclaration(member, in: template)
    }
    self.declarations = declarations
    for member in template.field("variables")?.fields ?? [] {
      if member.key.lowercased() == "copy", let loops = CopyLoop.properties(member.value) {
        for loop in loops { variableLoops[loop.name.lowercased()] = loop }
      } else {
        variables[member.key.lowercased()] = member.value
      }
    }
  }

  /// Evaluates in this scope.
  var evaluator: Evaluator { Evaluator(scope: self) }

  /// A function of the template, by its namespace and name in lower case.
  func function(_ name: String) -> UserFunction? { functions[name] }

  /// The value of a parameter.
  func parameter(_ name: String) throws(ExpressionFailure) -> ExpressionValue {
    let key = name.lowercased()
    guard let declaration = declarations[key] else {
      throw ExpressionFailure(
        "the template has no parameter \(quoted(name))",
        hint: session.suggestion(for: name, among: declarations.values.map(\.name)))
    }
    return try once("p:\(key)", "the parameter \(quoted(name))") { () throws(ExpressionFailure) in
      let value = try self.value(of: declaration)
      try declaration.check(value)
      let marked = ExpressionValue(value, adding: declaration.marks)
      if declaration.isSecure { session.keepSecret(marked) }
      return marked
    }
  }

  /// Reports a value that was given for a parameter, cannot be its value, and is asked for by no
  /// expression.
  func checkGiven(_ declaration: ParameterDeclaration) {
    guard values["p:\(declaration.name.lowercased())"] == nil else { return }
    do throws(ExpressionFailure) {
      _ = try parameter(declaration.name)
    } catch {
      session.findings.fail(
        .failedExpression, "cannot use the value that was given: \(error.told)",
        at: declaration.position, path: "parameters.\(declaration.name)", hint: error.hint)
    }
  }

  private func value(
    of declaration: ParameterDeclaration
  ) throws(ExpressionFailure) -> ExpressionValue {
    switch sources[declaration.name.lowercased()] {
    case .given(.text(let text)): return try declaration.value(of: text)
    case .given(.json(let json, _)):
      return try ExpressionValue(
        literal: json.standing(at: declaration.position), marks: declaration.marks)
    case .given(.keyVault), .keyVault:
      throw ExpressionFailure(
        "the parameter \(quoted(declaration.name)) is a secret of a key vault, which is not read "
          + "here", hint: "give it with `-p \(printable(declaration.name))=value`")
    case .outer(let literal, let outer, let frame): return try outer.value(of: literal, in: frame)
    case nil: break
    }
    if let literal = declaration.defaultValue {
      var frame = EvaluationFrame()
      frame.place = .parameterDefault
      return try evaluator.value(of: literal, in: frame)
    }
    return try absent(declaration)
  }

  /// What a parameter without a value stands for.
  private func absent(
    _ declaration: ParameterDeclaration
  ) throws(ExpressionFailure) -> ExpressionValue {
    if declaration.isNullable { return try ExpressionValue(.null, at: declaration.position) }
    let name = declaration.name
    if declaration.kind == .string, !declaration.isSecure,
      let text = LocalDefaults.text(forParameter: name, site, deploymentName)
    {
      return try ExpressionValue(.string(text), at: declaration.position)
    }
    switch missing {
    case .asked: return ExpressionValue(unknown: .parameter(name), at: declaration.position)
    case .refused:
      throw ExpressionFailure(
        "the nested deployment \(quoted(deploymentName)) gives its parameter \(quoted(name)) no value"
      )
    }
  }

  /// The value of a variable.
  func variable(_ name: String) throws(ExpressionFailure) -> ExpressionValue {
    let key = name.lowercased()
    return try once("v:\(key)", "the variable \(quoted(name))") { () throws(ExpressionFailure) in
      if let literal = variables[key] {
        return try evaluator.value(of: literal, in: EvaluationFrame())
      }
      if let loop = variableLoops[key] {
        return try evaluator.values(of: loop, in: EvaluationFrame())
      }
      let names = Array(variables.keys) + variableLoops.values.map(\.name)
      throw ExpressionFailure(
        "the template has no variable \(quoted(name))",
        hint: session.suggestion(for: name, among: names))
    }
  }

  private func once(
    _ key: String, _ what: String, _ evaluate: () throws(ExpressionFailure) -> ExpressionValue
  ) throws(ExpressionFailure) -> ExpressionValue {
    switch values[key] {
    case .done(let result): return try result.get()
    case .underway: throw ExpressionFailure("\(what) refers to itself")
    case nil: break
    }
    values[key] = .underway
    let result: Result<ExpressionValue, ExpressionFailure>
    do throws(ExpressionFailure) {
      result = .success(try session.deeper(evaluate))
    } catch {
      result = .failure(error)
    }
    values[key] = .done(result)
    return try result.get()
  }
}

extension DeploymentScope {
  /// Forgets the deployments within, which hold on to this scope as it does to them: for the end.
  func close() {
    let all = nested.values
    nested = [:]
    for deployment in all where deployment.scope !== self { deployment.scope.close() }
  }

  /// Makes a deployment known whose outputs the template may refer to.
  func register(_ deployment: NestedDeployment, as names: [String]) {
    for name in names { nested[name.lowercased()] = deployment }
  }

  /// The outputs of a nested deployment, by its symbolic name, its name or its id; `nil` for
  /// anything else.
  func outputs(ofDeployment name: String) throws(ExpressionFailure) -> ExpressionValue? {
    guard !nested.isEmpty else { return nil }
    let key = name.lowercased()
    var deployment = nested[key]
    if deployment == nil, let last = key.split(separator: "/").last,
      key.hasSuffix("/microsoft.resources/deployments/\(last)")
    {
      deployment = nested[String(last)]
    }
    guard let deployment else { return nil }
    return try once("o:\(deployment.name.lowercased())", "the output of \(quoted(name))") {
      () throws(ExpressionFailure) in try deployment.outputs()
    }
  }
}
