extension ContextFunction {
  /// What reads what the template declares.
  static let declared: [ContextFunction] = [
    ContextFunction("parameters", 1...1) { evaluator, call, frame throws(ExpressionFailure) in
      let name = try evaluator.arguments(of: call, in: frame).string(0)
      guard let arguments = frame.arguments else { return try evaluator.scope.parameter(name) }
      if let value = arguments[name.lowercased()] { return value }
      throw ExpressionFailure("the function has no parameter \(quoted(name))")
    },
    ContextFunction("variables", 1...1) { evaluator, call, frame throws(ExpressionFailure) in
      guard frame.arguments == nil else {
        throw ExpressionFailure("a template's own function sees its parameters only, no variables")
      }
      return try evaluator.scope.variable(try evaluator.arguments(of: call, in: frame).string(0))
    },
    ContextFunction("copyIndex", 0...2) { evaluator, call, frame throws(ExpressionFailure) in
      let arguments = try evaluator.arguments(of: call, in: frame)
      var loop = frame.loops.last { $0.kind == .resource } ?? frame.loops.last
      var offset = 0
      for index in arguments.values.indices {
        if index == 0, case .string(let name) = arguments[0].content {
          loop = frame.loops.last { $0.name.lowercased() == name.lowercased() }
          guard loop != nil else {
            throw ExpressionFailure("there is no loop \(quoted(name)) around")
          }
        } else {
          offset = try arguments.integer(index)
        }
      }
      guard let loop else { throw ExpressionFailure("`copyIndex` stands outside of every loop") }
      let (index, overflows) = loop.index.addingReportingOverflow(offset)
      guard !overflows else { throw arguments.failure("the offset \(offset) is too large") }
      return try ExpressionValue(.integer(index), at: frame.position)
    },
    ContextFunction("reference", 1...3) { evaluator, call, frame throws(ExpressionFailure) in
      let arguments = try evaluator.arguments(of: call, in: frame)
      if case .string(let name) = arguments[0].content {
        try evaluator.session.note(reference: name, in: evaluator.scope)
        if arguments.count < 3, let outputs = try evaluator.scope.outputs(ofDeployment: name) {
          let member = ExpressionValue.Member("outputs", outputs)
          return try ExpressionValue(.object([member]), at: frame.position)
        }
      }
      return ExpressionValue(unknown: .azure(function: "reference"), at: frame.position)
    },
  ]
}

extension Evaluator {
  /// Calls a function that the template defines.
  func apply(
    _ function: UserFunction, _ call: Expression.Call, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    guard call.arguments.count == function.parameters.count else {
      throw ExpressionFailure(
        "`\(call.name)` takes \(function.parameters.count) arguments, not \(call.arguments.count)")
    }
    var inner = EvaluationFrame()
    inner.arguments = [:]
    for (name, argument) in zip(function.parameters, call.arguments) {
      inner.arguments?[name.lowercased()] = try value(of: argument, in: frame)
    }
    let result = try session.deeper { [inner] () throws(ExpressionFailure) in
      try value(of: function.output, in: inner)
    }
    return ExpressionValue(result, adding: [], at: frame.position)
  }
}

/// A function that a template defines: `contoso.uniqueName(…)`.
struct UserFunction {
  let parameters: [String]
  let output: JSONValue

  /// The functions of a template, by namespace and name in lower case.
  static func all(in template: JSONValue) -> [String: UserFunction] {
    var functions: [String: UserFunction] = [:]
    guard case .array(let namespaces) = template.field("functions")?.content else { return [:] }
    for namespace in namespaces {
      guard let name = namespace.text("namespace") else { continue }
      for member in namespace.field("members")?.fields ?? [] {
        guard let output = member.value.field("output")?.field("value") else { continue }
        var parameters: [String] = []
        if case .array(let declared) = member.value.field("parameters")?.content {
          parameters = declared.compactMap { $0.text("name") }
        }
        functions["\(name).\(member.key)".lowercased()] = UserFunction(
          parameters: parameters, output: output)
      }
    }
    return functions
  }
}
