extension TemplateFunction {
  /// What makes arrays, and takes elements from them.
  static let arrays: [TemplateFunction] = [
    TemplateFunction("array", 1...1, .arguments) { call throws(ExpressionFailure) in
      if case .array(let elements) = call[0].content { return .array(elements) }
      return .array([call[0]])
    },
    TemplateFunction("createArray", 0...many, .nothing) { call throws(ExpressionFailure) in
      .array(call.values)
    },
    TemplateFunction("range", 2...2) { call throws(ExpressionFailure) in
      let start = try call.integer(0)
      let count = try call.integer(1)
      let (end, overflows) = start.addingReportingOverflow(count)
      guard 0...ExpressionLimits.rangeCount ~= count else {
        throw call.failure(
          "the count \(count) is not between 0 and \(ExpressionLimits.rangeCount)")
      }
      guard !overflows, end <= Int(Int32.max) else {
        throw call.failure("\(start) and \(count) numbers on is beyond \(Int32.max)")
      }
      return .array(
        try (start..<end).map { number throws(ExpressionFailure) in
          try call.value(.integer(number))
        })
    },
    TemplateFunction("first", 1...1, .arguments) { call throws(ExpressionFailure) in
      try end(call) {
        $0.first
      } of: {
        $0.first
      }
    },
    TemplateFunction("last", 1...1, .arguments) { call throws(ExpressionFailure) in
      try end(call) {
        $0.last
      } of: {
        $0.last
      }
    },
    TemplateFunction("skip", 2...2, .arguments) { call throws(ExpressionFailure) in
      let count = max(0, try call.integer(1))
      if case .array(let elements) = call[0].content {
        return .array(Array(elements.dropFirst(count)))
      }
      return .string(
        String(decoding: try call.string(0).utf16.dropFirst(count).map(\.self), as: UTF16.self))
    },
    TemplateFunction("take", 2...2, .arguments) { call throws(ExpressionFailure) in
      let count = max(0, try call.integer(1))
      if case .array(let elements) = call[0].content {
        return .array(Array(elements.prefix(count)))
      }
      return .string(
        String(decoding: try call.string(0).utf16.prefix(count).map(\.self), as: UTF16.self))
    },
    TemplateFunction("length", 1...1, .arguments) { call throws(ExpressionFailure) in
      switch call[0].content {
      case .string(let text): .integer(text.utf16.count)
      case .array(let elements): .integer(elements.count)
      case .object(let members): .integer(members.count)
      default: throw call.wrong(0, "an array, an object or a string")
      }
    },
    TemplateFunction("empty", 1...1, .arguments) { call throws(ExpressionFailure) in
      switch call[0].content {
      case .null: .bool(true)
      case .string(let text): .bool(text.isEmpty)
      case .array(let elements): .bool(elements.isEmpty)
      case .object(let members): .bool(members.isEmpty)
      default: throw call.wrong(0, "an array, an object or a string")
      }
    },
    TemplateFunction("flatten", 1...1, .arguments) { call throws(ExpressionFailure) in
      var elements: [ExpressionValue] = []
      for element in try call.array(0) {
        guard case .array(let inner) = element.content else {
          throw call.wrong(0, "an array of arrays")
        }
        elements += inner
      }
      return .array(elements)
    },
    TemplateFunction("indexFromEnd", 2...2, .arguments) { call throws(ExpressionFailure) in
      let elements = try call.array(0)
      let place = try call.integer(1)
      guard 1...max(1, elements.count) ~= place, !elements.isEmpty else {
        throw call.failure("\(place) from the end is outside an array of \(elements.count)")
      }
      return elements[elements.count - place].content
    },
    TemplateFunction("tryIndexFromEnd", 2...2, .arguments) { call throws(ExpressionFailure) in
      guard case .array(let elements) = call[0].content else { return .null }
      let place = try call.integer(1)
      guard place >= 1, place <= elements.count else { return .null }
      return elements[elements.count - place].content
    },
  ]

  private static func end(
    _ call: Arguments, _ element: ([ExpressionValue]) -> ExpressionValue?,
    of unit: ([UInt16]) -> UInt16?
  ) throws(ExpressionFailure) -> ExpressionValue.Content {
    if case .array(let elements) = call[0].content { return element(elements)?.content ?? .null }
    guard case .string(let text) = call[0].content else {
      throw call.wrong(0, "an array or a string")
    }
    return .string(unit(Array(text.utf16)).map { String(decoding: [$0], as: UTF16.self) } ?? "")
  }
}
