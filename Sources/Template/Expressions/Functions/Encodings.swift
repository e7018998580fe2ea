extension TemplateFunction {
  /// What writes texts in other forms, and reads them.
  static let encodings: [TemplateFunction] = [
    TemplateFunction("base64", 1...1) { call throws(ExpressionFailure) in
      .string(Base64.encode(Array(try call.string(0).utf8)))
    },
    TemplateFunction("base64ToString", 1...1) { call throws(ExpressionFailure) in
      .string(try decoded(call.string(0), call))
    },
    TemplateFunction("base64ToJson", 1...1, effort: 8) { call throws(ExpressionFailure) in
      try json(decoded(call.string(0), call), call)
    },
    TemplateFunction("json", 1...1, effort: 8) { call throws(ExpressionFailure) in
      try json(call.string(0), call)
    },
    TemplateFunction("dataUri", 1...1) { call throws(ExpressionFailure) in
      // The documentation's own spelling of the character set, without the hyphen.
      let encoded = Base64.encode(Array(try call.string(0).utf8))
      return .string("data:text/plain;charset=utf8;base64,\(encoded)")
    },
    TemplateFunction("dataUriToString", 1...1) { call throws(ExpressionFailure) in
      let text = try call.string(0)
      guard text.lowercased().hasPrefix("data:"), let comma = text.firstIndex(of: ",") else {
        throw call.failure("\(call[0].spoken) is no data URI: it has the form `data:…,…`")
      }
      let data = String(text[text.index(after: comma)...])
      return .string(
        text[..<comma].lowercased().hasSuffix(";base64")
          ? try decoded(data, call) : PercentCoding.decode(data))
    },
    TemplateFunction("uriComponent", 1...1) { call throws(ExpressionFailure) in
      .string(PercentCoding.encode(try call.string(0)))
    },
    TemplateFunction("uriComponentToString", 1...1) { call throws(ExpressionFailure) in
      .string(PercentCoding.decode(try call.string(0)))
    },
    TemplateFunction("uri", 2...2) { call throws(ExpressionFailure) in
      let base = try call.string(0)
      guard let resolved = URIReference.resolve(try call.string(1), against: base) else {
        throw call.failure("\(call[0].spoken) is no absolute address: it begins as `https://host`")
      }
      return .string(resolved)
    },
  ]

  private static func decoded(
    _ text: String, _ call: Arguments
  ) throws(ExpressionFailure) -> String {
    guard let bytes = Base64.decode(text), let text = String(validating: bytes, as: UTF8.self)
    else { throw call.failure("\(call[0].spoken) is not the base64 of a text") }
    return text
  }

  private static func json(
    _ text: String, _ call: Arguments
  ) throws(ExpressionFailure) -> ExpressionValue.Content {
    let (value, findings) = JSONReader.read(Array(singleQuotesReplaced(text).utf8), as: .value)
    guard let value else {
      let why = findings.sorted.first { $0.severity == .error }?.message ?? "it is no JSON"
      throw call.failure(
        call[0].marks.contains(.secret)
          ? "its argument is no JSON" : "\(call[0].spoken) is no JSON: \(why)")
    }
    return try ExpressionValue(literal: value.standing(at: call.position)).content
  }

  /// JSON with single quotes, which the service's reader takes as well, with double ones.
  private static func singleQuotesReplaced(_ text: String) -> String {
    guard !text.utf8.contains(UInt8(ascii: "\"")), text.utf8.contains(UInt8(ascii: "'")) else {
      return text
    }
    return text.replacing("'", with: "\"")
  }
}

extension JSONValue {
  /// The same value, all of it at one place.
  func standing(at position: SourcePosition) -> JSONValue {
    let moved: Content =
      switch content {
      case .array(let elements): .array(elements.map { $0.standing(at: position) })
      case .object(let members):
        .object(
          members.map {
            JSONMember(
              key: $0.key, keyPosition: position, value: $0.value.standing(at: position))
          })
      default: content
      }
    return JSONValue(content: moved, position: position)
  }
}
