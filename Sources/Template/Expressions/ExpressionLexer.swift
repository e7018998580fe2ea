/// Cuts an expression into its tokens.
struct ExpressionLexer {
  /// The smallest part of an expression that means something.
  enum Token: Equatable {
    case string(String)
    case integer(Int)
    case name(String)
    case opening, closing, openingBracket, closingBracket, comma, dot
    case end
  }

  private let scalars: [Unicode.Scalar]
  private var next = 0

  /// Where the token that was read last begins: its character, from 1.
  private(set) var character = 1

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
  }

  /// Reads the next token.
  mutating func read() throws(ExpressionFailure) -> Token {
    while next < scalars.count, scalars[next].properties.isWhitespace { next += 1 }
    character = next + 1
    guard next < scalars.count else { return .end }
    let scalar = scalars[next]
    next += 1
    switch scalar {
    case "(": return .opening
    case ")": return .closing
    case "[": return .openingBracket
    case "]": return .closingBracket
    case ",": return .comma
    case ".": return .dot
    case "'": return .string(try readString())
    case "-", "+", "0"..."9": return .integer(try readInteger())
    case _ where Self.isNameScalar(scalar): return .name(readName())
    default:
      let hint =
        scalar == "\"" ? "a string in an expression has single quotes: `'text'`" : nil
      throw ExpressionFailure(
        "\(quoted(String(scalar))) has no meaning in an expression", hint: hint,
        character: character)
    }
  }

  /// Reads up to the closing quote; two quotes stand for one.
  private mutating func readString() throws(ExpressionFailure) -> String {
    var text = String.UnicodeScalarView()
    while next < scalars.count {
      let scalar = scalars[next]
      next += 1
      guard scalar == "'" else {
        text.append(scalar)
        continue
      }
      guard next < scalars.count, scalars[next] == "'" else { return String(text) }
      text.append("'")
      next += 1
    }
    throw ExpressionFailure(
      "expected `'` to close the string", hint: "write a quote within a string as `''`",
      character: character)
  }

  private mutating func readInteger() throws(ExpressionFailure) -> Int {
    let first = next - 1
    while next < scalars.count, "0"..."9" ~= scalars[next] { next += 1 }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[first..<next])
    guard let value = Int(String(text)) else {
      throw ExpressionFailure(
        "\(quoted(String(text))) is no whole number that an expression can hold",
        character: character)
    }
    return value
  }

  private mutating func readName() -> String {
    let first = next - 1
    while next < scalars.count, Self.isNameScalar(scalars[next]) { next += 1 }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[first..<next])
    return String(text)
  }

  private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
      || "0"..."9" ~= scalar
  }
}
