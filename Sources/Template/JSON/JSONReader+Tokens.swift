extension JSONReader {
  /// Steps over white space and comments.
  mutating func skipSpace() throws(SyntaxStop) {
    while let byte = cursor.next {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), newline: cursor.advance()
      case UInt8(ascii: "/"): try skipComment()
      default: return
      }
    }
  }

  private mutating func skipComment() throws(SyntaxStop) {
    let position = cursor.position
    switch cursor.afterNext {
    case UInt8(ascii: "/"):
      _ = cursor.take { $0 != newline }
    case UInt8(ascii: "*"):
      cursor.advance()
      cursor.advance()
      try skipToCommentEnd(openedAt: position)
    default:
      try stop(.syntax, "expected a value, `//` or `/*`, not a single `/`")
    }
    tolerate(.comment, at: position)
  }

  private mutating func skipToCommentEnd(openedAt opened: SourcePosition) throws(SyntaxStop) {
    while let byte = cursor.next {
      let ends = byte == UInt8(ascii: "*") && cursor.afterNext == UInt8(ascii: "/")
      cursor.advance()
      if ends {
        cursor.advance()
        return
      }
    }
    try stop(
      .unclosed,
      "expected `*/` to close the comment of line \(opened.line), not the end of the file")
  }

  /// Reads `true`, `false`, `null` or a number; reports anything else.
  mutating func readWord() throws(SyntaxStop) -> JSONValue.Content {
    let position = cursor.position
    let word = String(decoding: cursor.take(while: isWordByte), as: UTF8.self)
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    case "":
      try stop(.syntax, "expected a value, not \(cursor.nextCharacter)", hint: singleQuoteHint)
    default: break
    }
    if !isNumber(word) {
      let looksNumeric = word.utf8.contains { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
      let numeric = looksNumeric && word.utf8.allSatisfy(isNumberByte)
      findings.fail(
        numeric ? .badNumber : .bareWord,
        numeric
          ? "\(quoted(word)) is not a number as JSON writes it"
          : "expected a value, not \(quoted(word))",
        at: position, path: "",
        hint: numeric
          ? "write it without a sign `+`, leading zeros or a bare point"
          : "text needs double quotes around it")
    }
    return .number(word)
  }

  /// What to say where a string starts with the wrong quote.
  var singleQuoteHint: String? {
    cursor.next == UInt8(ascii: "'") ? "a string has double quotes, not single ones" : nil
  }

  /// The bytes that people leave without quotes: words, numbers and `<placeholder>`.
  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "_"), UInt8(ascii: "$"): true
    default: isNumberByte(byte)
    }
  }

  private func isNumberByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
    case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): true
    default: false
    }
  }

  /// Whether `word` is a number by the grammar of RFC 8259, section 6.
  private func isNumber(_ word: String) -> Bool {
    var rest = word.utf8[...]
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    let integer = takeDigits(&rest)
    if integer == 0 || (integer > 1 && word.drop { $0 == "-" }.first == "0") { return false }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      if takeDigits(&rest) == 0 { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      if takeDigits(&rest) == 0 { return false }
    }
    return rest.isEmpty
  }

  private func takeDigits(_ rest: inout Substring.UTF8View) -> Int {
    let count = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count
    rest.removeFirst(count)
    return count
  }
}
