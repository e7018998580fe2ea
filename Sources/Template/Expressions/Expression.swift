/// An ARM template expression: what stands between `[` and `]`.
indirect enum Expression: Sendable {
  case string(String)
  case integer(Int)
  /// `name(…)`
  case call(Call)
  /// `base.name`
  case member(Expression, name: String, character: Int)
  /// `base[index]`
  case index(Expression, index: Expression, character: Int)

  /// A function's name, its arguments, and where the name stands: its character, from 1.
  struct Call: Sendable {
    let name: String
    let arguments: [Expression]
    let character: Int
  }

  /// Where the expression begins: its character, from 1; 1 for a literal.
  var character: Int {
    switch self {
    case .string, .integer: 1
    case .call(let call): call.character
    case .member(_, _, let character), .index(_, _, let character): character
    }
  }
}

/// How a string of a deployment template is meant.
enum ExpressionText {
  /// The text as it is.
  case literal(String)
  /// An expression: all of the text, with its brackets.
  case expression(String)

  /// Tells a text that begins with `[` and ends with `]` from all others; `[[` at the beginning of
  /// such a text stands for `[`, and makes it a literal.
  init(_ text: String) {
    let bytes = text.utf8
    guard bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"), bytes.count > 1 else {
      self = .literal(text)
      return
    }
    if bytes.dropFirst().first == UInt8(ascii: "[") {
      self = .literal(String(text.dropFirst()))
    } else {
      self = .expression(text)
    }
  }
}
