extension TemplateFunction {
  /// What makes texts of values.
  static let texts: [TemplateFunction] = [
    TemplateFunction("concat", 1...many, .arguments) { call throws(ExpressionFailure) in
      if case .array = call[0].content { return try concatenation(of: call) }
      var text = ""
      for index in call.values.indices {
        switch call[index].content {
        case .string, .integer, .decimal, .bool: text += call[index].text
        default: throw call.wrong(index, "a string, as the first one is")
        }
        try checkLength(text, call)
      }
      return .string(text)
    },
    TemplateFunction("string", 1...1) { call throws(ExpressionFailure) in
      .string(call[0].text)
    },
    TemplateFunction("format", 1...many) { call throws(ExpressionFailure) in
      let format = try CompositeFormat(try call.string(0)) { call.failure($0) }
      return .string(try format.text(of: Array(call.values.dropFirst())) { call.failure($0) })
    },
    TemplateFunction("join", 2...2) { call throws(ExpressionFailure) in
      let separator = try call.string(1)
      var text = ""
      for (index, element) in try call.array(0).enumerated() {
        text += (index == 0 ? "" : separator) + element.text
        try checkLength(text, call)
      }
      return .string(text)
    },
    TemplateFunction("padLeft", 2...3) { call throws(ExpressionFailure) in
      switch call[0].content {
      case .string, .integer: break
      default: throw call.wrong(0, "a string or a number")
      }
      let length = try call.integer(1)
      let padding = call.count == 3 ? try call.string(2) : " "
      guard padding.utf16.count == 1 else { throw call.wrong(2, "a single character") }
      let text = call[0].text
      let missing = length - min(length, text.utf16.count)
      guard length >= 0, missing <= ExpressionLimits.valueWeight else {
        throw call.failure(
          "the length \(length) is not between 0 and \(ExpressionLimits.valueWeight)")
      }
      // The standard library repeats texts one by one, which takes long for millions; bytes at once.
      guard let byte = padding.utf8.first, padding.utf8.count == 1 else {
        return .string(String(repeating: padding, count: missing) + text)
      }
      let bytes = [UInt8](repeating: byte, count: missing)
      return .string(String(decoding: bytes, as: UTF8.self) + text)
    },
    TemplateFunction("replace", 3...3, effort: 4) { call throws(ExpressionFailure) in
      let text = Array(try call.string(0).utf16)
      let old = UnitSearch(Array(try call.string(1).utf16))
      let new = Array(try call.string(2).utf16)
      guard !old.part.isEmpty else {
        throw call.failure("there is nothing to replace: argument 2 is empty")
      }
      var result: [UInt16] = []
      var start = 0
      while let place = old.firstPlace(in: text, from: start) {
        result += text[start..<place] + new
        start = place + old.part.count
        guard result.count <= ExpressionLimits.valueWeight else {
          throw call.failure(tooLong)
        }
      }
      return .string(String(decoding: result + text[start...], as: UTF16.self))
    },
    TemplateFunction("guid", 1...many) { call throws(ExpressionFailure) in
      .string(nameBasedGUID(try call.strings().joined(separator: "-")))
    },
    TemplateFunction("uniqueString", 1...many) { call throws(ExpressionFailure) in
      .string(uniqueString(try call.strings().joined(separator: "-")))
    },
  ]

  static let tooLong =
    "the result would be longer than \(ExpressionLimits.valueWeight) characters"

  private static func checkLength(_ text: String, _ call: Arguments) throws(ExpressionFailure) {
    guard text.utf8.count <= ExpressionLimits.valueWeight else { throw call.failure(tooLong) }
  }

  private static func concatenation(
    of call: Arguments
  ) throws(ExpressionFailure) -> ExpressionValue.Content {
    var elements: [ExpressionValue] = []
    for index in call.values.indices {
      guard case .array(let more) = call[index].content else {
        throw call.wrong(index, "an array, as the first one is")
      }
      elements += more
      guard elements.count <= ExpressionLimits.valueWeight / ExpressionLimits.elementWeight else {
        throw call.failure("the array would be larger than any may be")
      }
    }
    return .array(elements)
  }
}
