/// What an expression may call.
package enum ExpressionLanguage {
  /// The names of all functions that are evaluated here, as they are documented, in order.
  package static let functionNames: [String] =
    (TemplateFunction.all.values.map(\.name) + ContextFunction.all.values.map(\.name)).sorted()
}
