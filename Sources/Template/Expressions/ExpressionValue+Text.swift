extension ExpressionValue {
  /// The value as `string()` writes it: text as it is, anything else as JSON without spaces.
  var text: String {
    switch content {
    case .null: ""
    case .bool(let value): value ? "True" : "False"
    case .string(let text): text
    default: json(quote: "\"")
    }
  }

  /// The value as `format()` puts it into a text: objects and arrays have single quotes there.
  var formattedText: String {
    switch content {
    case .array, .object: json(quote: "'")
    default: text
    }
  }

  /// The value as JSON, without spaces.
  func json(quote: Character = "\"") -> String {
    var text = ""
    write(into: &text, quote)
    return text
  }

  private func write(into text: inout String, _ quote: Character) {
    switch content {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .decimal(let value): text += Self.written(value)
    case .string(let string): Self.write(string, into: &text, quote)
    case .array(let elements):
      text.append("[")
      for (index, element) in elements.enumerated() {
        if index > 0 { text.append(",") }
        element.write(into: &text, quote)
      }
      text.append("]")
    case .object(let members):
      text.append("{")
      for (index, member) in members.enumerated() {
        if index > 0 { text.append(",") }
        Self.write(member.key, into: &text, quote)
        text.append(":")
        member.value.write(into: &text, quote)
      }
      text.append("}")
    case .unknown(let reason): Self.write(reason.expression, into: &text, quote)
    }
  }

  /// A number with a point, so that it stays one.
  static func written(_ value: Double) -> String { "\(value)" }

  private static func write(_ string: String, into text: inout String, _ quote: Character) {
    text.append(quote)
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where Character(scalar) == quote:
        text.append("\\")
        text.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text.append(quote)
  }

  /// Whether both are the same: text by its case, objects without regard to the order of keys.
  func equals(_ other: ExpressionValue) -> Bool {
    switch (content, other.content) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.integer(let left), .integer(let right)): left == right
    case (.decimal(let left), .decimal(let right)): left == right
    case (.integer(let left), .decimal(let right)), (.decimal(let right), .integer(let left)):
      Double(left) == right
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.array(let left), .array(let right)):
      left.count == right.count && weight == other.weight
        && zip(left, right).allSatisfy { $0.equals($1) }
    case (.object(let left), .object(let right)):
      left.count == right.count && weight == other.weight && Self.equal(left, right)
    case (.unknown(let left), .unknown(let right)): left == right
    default: false
    }
  }

  private static func equal(_ left: [Member], _ right: [Member]) -> Bool {
    let values = Dictionary(right.map { ($0.key, $0.value) }) { first, _ in first }
    return left.allSatisfy { member in
      values[member.key].map { member.value.equals($0) } ?? false
    }
  }

  /// The value for the decoder: what is not known is the expression that it comes from.
  var document: JSONValue {
    let plain: JSONValue.Content =
      switch content {
      case .null: .null
      case .bool(let value): .bool(value)
      case .integer(let value): .number(String(value))
      case .decimal(let value): .number(Self.written(value))
      case .string(let text): .string(text)
      case .array(let elements): .array(elements.map(\.document))
      case .object(let members):
        .object(
          members.map {
            JSONMember(key: $0.key, keyPosition: $0.keyPosition, value: $0.value.document)
          })
      case .unknown(let reason): .string(reason.expression)
      }
    return JSONValue(content: plain, position: position)
  }
}

extension ExpressionValue.Unknown {
  /// What stands in the place of the value.
  var expression: String {
    switch self {
    case .azure(let function): "[\(function)(…)]"
    case .parameter(let name): "[parameters('\(name)')]"
    case .failed: "[failed()]"
    }
  }
}
