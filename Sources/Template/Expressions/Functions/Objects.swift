extension TemplateFunction {
  /// What makes objects, and lists what is in them.
  static let objects: [TemplateFunction] = [
    TemplateFunction("createObject", 0...many, .nothing) { call throws(ExpressionFailure) in
      guard call.count.isMultiple(of: 2) else {
        throw call.failure("the last key has no value: it takes keys and values in turn")
      }
      var object = ObjectBuilder()
      for index in stride(from: 0, to: call.count, by: 2) {
        if case .unknown(let reason) = call[index].content { return .unknown(reason) }
        object.set(try call.string(index), call[index + 1])
      }
      return .object(object.members)
    },
    TemplateFunction("null", 0...0) { _ throws(ExpressionFailure) in .null },
    TemplateFunction("items", 1...1, .arguments, effort: 4) { call throws(ExpressionFailure) in
      // The service sorts by key.
      let members = try sorted(call.object(0))
      return .array(
        try members.map { member throws(ExpressionFailure) in
          let key = ExpressionValue.Member("key", try call.value(.string(member.key)))
          return try call.value(.object([key, ExpressionValue.Member("value", member.value)]))
        })
    },
    TemplateFunction("objectKeys", 1...1, .arguments, effort: 4) {
      call throws(ExpressionFailure) in
      try call.array(of: sorted(call.object(0)).map(\.key))
    },
  ]

  private static func sorted(_ members: [ExpressionValue.Member]) -> [ExpressionValue.Member] {
    members.map { (folded: $0.key.lowercased(), member: $0) }
      .sorted { $0.folded < $1.folded }.map(\.member)
  }
}
