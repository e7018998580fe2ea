extension JSONReader {
  /// Reads a string from its opening to its closing quote.
  mutating func readString() throws(SyntaxStop) -> String {
    let opened = cursor.position
    cursor.advance()
    var text: [UInt8] = []
    while let byte = cursor.next {
      switch byte {
      case UInt8(ascii: "\""):
        cursor.advance()
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        text.append(contentsOf: readEscape())
      case newline:
        try stop(
          .unclosed,
          "expected `\"` to close the string of column \(opened.column), not the end of the line",
          hint: "write a line break within a string as `\\n`")
      default:
        if byte < 0x20 { tolerate(.controlCharacter, at: cursor.position) }
        text.append(byte)
        cursor.advance()
      }
    }
    try stop(
      .unclosed, "expected `\"` to close the string of line \(opened.line), not the end of the file"
    )
  }

  /// Reads what follows a backslash, as UTF-8; a bad escape is reported and kept as it stands.
  private mutating func readEscape() -> [UInt8] {
    let position = cursor.position
    cursor.advance()
    guard let byte = cursor.next, byte != newline else { return [UInt8(ascii: "\\")] }
    if byte == UInt8(ascii: "u") {
      cursor.advance()
      return readUnicodeEscape(at: position)
    }
    if let plain = Self.shortEscapes[byte] {
      cursor.advance()
      return [plain]
    }
    findings.fail(
      .badEscape, "\\ before \(cursor.nextCharacter) is no escape that JSON knows", at: position,
      path: "",
      hint: "write a backslash itself as `\\\\`")
    return [UInt8(ascii: "\\")]
  }

  private static let shortEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
    UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
    UInt8(ascii: "n"): newline, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
  ]

  /// Reads the digits after `\u`, and the second half of a surrogate pair.
  private mutating func readUnicodeEscape(at position: SourcePosition) -> [UInt8] {
    guard let first = readFourDigits() else {
      findings.fail(
        .badEscape, "expected four hexadecimal digits after `\\u`, not \(cursor.nextCharacter)",
        at: position, path: "")
      return []
    }
    var value = first
    if 0xD800...0xDBFF ~= first, cursor.next == UInt8(ascii: "\\"),
      cursor.afterNext == UInt8(ascii: "u")
    {
      cursor.advance()
      cursor.advance()
      if let second = readFourDigits(), 0xDC00...0xDFFF ~= second {
        value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
      }
    }
    guard let scalar = Unicode.Scalar(value) else {
      findings.fail(
        .badEscape, "the escape `\\u` is half of a surrogate pair: the other half does not follow",
        at: position, path: "")
      return []
    }
    return Array(String(scalar).utf8)
  }

  private mutating func readFourDigits() -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = cursor.next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
      else { return nil }
      value = value << 4 | UInt32(digit)
      cursor.advance()
    }
    return value
  }
}
