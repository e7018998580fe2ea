/// A JSON value to write, its members in their order.
indirect enum Output: Hashable {
  case string(String)
  case number(Int)
  case bool(Bool)
  case list([Output])
  case object([Member])

  struct Member: Hashable {
    let key: String
    let value: Output
  }

  /// An object of the members that have a value.
  static func members(_ members: KeyValuePairs<String, Output?>) -> Output {
    .object(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
  }

  static func strings(_ texts: [String]) -> Output { .list(texts.map(Output.string)) }

  /// The text, for people to read and go on with.
  var text: String {
    var text = ""
    write(to: &text, indentation: "")
    return text + "\n"
  }

  private func write(to text: inout String, indentation: String) {
    let inner = indentation + "  "
    switch self {
    case .string(let string): Self.write(string, to: &text)
    case .number(let number): text += "\(number)"
    case .bool(let value): text += value ? "true" : "false"
    case .list(let items) where items.isEmpty: text += "[]"
    case .object(let members) where members.isEmpty: text += "{}"
    case .list(let items):
      for (index, item) in items.enumerated() {
        text += (index == 0 ? "[\n" : ",\n") + inner
        item.write(to: &text, indentation: inner)
      }
      text += "\n\(indentation)]"
    case .object(let members):
      for (index, member) in members.enumerated() {
        text += (index == 0 ? "{\n" : ",\n") + inner
        Self.write(member.key, to: &text)
        text += ": "
        member.value.write(to: &text, indentation: inner)
      }
      text += "\n\(indentation)}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
