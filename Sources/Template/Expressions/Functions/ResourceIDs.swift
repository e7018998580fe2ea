extension TemplateFunction {
  /// Ids that need nothing but their arguments; `resourceId` and `subscriptionResourceId` need the
  /// scope, and are the evaluator's.
  static let resourceIDs: [TemplateFunction] = [
    TemplateFunction("tenantResourceId", 2...many) { call throws(ExpressionFailure) in
      .string(try resourcePath(call, typeAt: 0))
    },
    TemplateFunction("extensionResourceId", 3...many) { call throws(ExpressionFailure) in
      let base = try call.string(0)
      return .string(
        (base.hasSuffix("/") ? String(base.dropLast()) : base) + (try resourcePath(call, typeAt: 1))
      )
    },
    TemplateFunction("managementGroupResourceId", 2...many) { call throws(ExpressionFailure) in
      let place = try typeIndex(call, among: 0...1)
      let group = place == 1 ? try call.string(0) : "local"
      return .string(
        "/providers/Microsoft.Management/managementGroups/\(group)"
          + (try resourcePath(call, typeAt: place)))
    },
  ]

  /// Which argument is the type: the first one that has a `/`, or the last one that may be it.
  static func typeIndex(
    _ call: Arguments, among places: ClosedRange<Int>
  ) throws(ExpressionFailure) -> Int {
    for place in places where place < call.count {
      if try call.string(place).contains("/") { return place }
    }
    throw call.failure(
      "none of its first arguments is a type: a type has the form `Microsoft.Compute/images`")
  }

  /// `/providers/<namespace>/<kind>/<name>…` of a type and the names that follow it.
  static func resourcePath(
    _ call: Arguments, typeAt place: Int
  ) throws(ExpressionFailure) -> String {
    let type = try call.string(place)
    let kinds = type.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    var names: [String] = []
    for index in call.values.indices where index > place { names.append(try call.string(index)) }
    guard kinds.count == names.count + 1 else {
      throw call.failure(
        "the type \(quoted(type)) needs \(kinds.count - 1) names, and \(names.count) follow it")
    }
    let pairs = zip(kinds.dropFirst(), names).map { "/\($0)/\($1)" }.joined()
    return "/providers/\(kinds[0])\(pairs)"
  }
}
