import Template

extension HCLParser {
  /// Reads a string from its opening to its closing quote.
  mutating func readQuoted() throws(HCLMistake) -> HCLExpression {
    let opened = cursor.position
    cursor.advance()
    var pieces = TemplatePieces()
    while let byte = cursor.next {
      switch byte {
      case UInt8(ascii: "\""):
        cursor.advance()
        return HCLExpression(kind: pieces.kind, position: opened)
      case newline:
        try stop(
          "expected `\"` to close the string of column \(opened.column), not the end of the line",
          hint: "write a line break within a string as `\\n`, or use a heredoc, `<<EOT`")
      case UInt8(ascii: "\\"): pieces.append(try readEscape())
      default: try readPiece(into: &pieces)
      }
    }
    try stop("expected `\"` to close the string of line \(opened.line), not the end of the file")
  }

  /// Reads one byte of text, or `${…}`.
  private mutating func readPiece(into pieces: inout TemplatePieces) throws(HCLMistake) {
    guard let byte = cursor.next else { return }
    let isSign = byte == UInt8(ascii: "$") || byte == UInt8(ascii: "%")
    guard isSign else {
      cursor.advance()
      return pieces.append([byte])
    }
    if cursor.afterNext == byte {
      // `$${` stands for `${` itself.
      let start = cursor
      cursor.advance()
      cursor.advance()
      if cursor.next == UInt8(ascii: "{") {
        cursor.advance()
        return pieces.append([byte, UInt8(ascii: "{")])
      }
      cursor = start
    }
    guard cursor.afterNext == UInt8(ascii: "{") else {
      cursor.advance()
      return pieces.append([byte])
    }
    if byte == UInt8(ascii: "%") {
      try stop(
        "template directives, `%{…}`, are not understood",
        hint: "write the text out; `%{` itself is written `%%{`")
    }
    cursor.advance()
    cursor.advance()
    let trimsBefore = takeTilde()
    let expression = try bracketed { parser throws(HCLMistake) in try parser.readExpression() }
    try bracketed { parser throws(HCLMistake) in try parser.skipSpace() }
    let trimsAfter = takeTilde()
    try take("}", "to close `${`")
    pieces.append(expression, trimsBefore: trimsBefore, trimsAfter: trimsAfter)
  }

  private mutating func takeTilde() -> Bool {
    guard cursor.next == UInt8(ascii: "~") else { return false }
    cursor.advance()
    return true
  }

  /// Reads what follows a backslash, as UTF-8.
  private mutating func readEscape() throws(HCLMistake) -> [UInt8] {
    let position = cursor.position
    cursor.advance()
    guard let byte = cursor.next else { return [] }
    cursor.advance()
    switch byte {
    case UInt8(ascii: "n"): return [newline]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte]
    case UInt8(ascii: "u"): return try readScalar(digits: 4, at: position)
    case UInt8(ascii: "U"): return try readScalar(digits: 8, at: position)
    default:
      throw HCLMistake(
        "a backslash before `\(printable(String(decoding: [byte], as: UTF8.self)))` is no escape "
          + "that HCL knows", at: position, hint: "write a backslash itself as `\\\\`")
    }
  }

  private mutating func readScalar(
    digits: Int, at position: SourcePosition
  ) throws(HCLMistake) -> [UInt8] {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let byte = cursor.next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
        value < 1 << 28
      else { throw HCLMistake("expected \(digits) hexadecimal digits here", at: position) }
      value = value << 4 | UInt32(digit)
      cursor.advance()
    }
    guard let scalar = Unicode.Scalar(value), value != 0 else {
      throw HCLMistake("the escape stands for no character", at: position)
    }
    return Array(String(scalar).utf8)
  }

  /// Reads `<<END` or `<<-END`, the lines after it, and the line that holds `END` alone.
  mutating func readHeredoc() throws(HCLMistake) -> HCLExpression {
    let opened = cursor.position
    cursor.advance()
    cursor.advance()
    let isIndented = cursor.next == UInt8(ascii: "-")
    if isIndented { cursor.advance() }
    let end = try readName("the word that ends the heredoc")
    _ = cursor.take { $0 == UInt8(ascii: " ") || $0 == 0x0D }
    guard cursor.next == newline else {
      try stop("expected the end of the line after `<<\(end)`, not \(cursor.nextCharacter)")
    }
    cursor.advance()
    var pieces = TemplatePieces()
    while true {
      if takeEnd(end) { break }
      guard cursor.next != nil else {
        try stop("expected a line `\(end)` to end the text of line \(opened.line)")
      }
      pieces.startLine()
      while let byte = cursor.next, byte != newline { try readPiece(into: &pieces) }
      if cursor.next == newline {
        cursor.advance()
        pieces.append([newline])
      }
    }
    if isIndented { pieces.removeIndentation() }
    return HCLExpression(kind: pieces.kind, position: opened)
  }

  /// Steps over the line that ends a heredoc, but not over its line break.
  private mutating func takeEnd(_ end: String) -> Bool {
    let start = cursor
    _ = cursor.take { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let word = cursor.take(while: Self.continuesName)
    _ = cursor.take { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == 0x0D }
    if word.elementsEqual(end.utf8), cursor.next == nil || cursor.next == newline { return true }
    cursor = start
    return false
  }
}

/// The pieces of a string, as they are read.
struct TemplatePieces {
  private enum Piece {
    case text([UInt8])
    case interpolation(HCLExpression)
    /// A line of a heredoc starts here.
    case line
  }

  private var pieces: [Piece] = []
  private var trimsNext = false

  mutating func append(_ bytes: [UInt8]) {
    var bytes = bytes
    if trimsNext {
      bytes = Array(bytes.drop(while: Self.isSpace))
      if bytes.isEmpty { return }
      trimsNext = false
    }
    if case .text(var before) = pieces.last {
      // Taken out first, so that it grows in place.
      pieces.removeLast()
      before += bytes
      bytes = before
    }
    pieces.append(.text(bytes))
  }

  mutating func append(_ expression: HCLExpression, trimsBefore: Bool, trimsAfter: Bool) {
    if trimsBefore, case .text(var before) = pieces.last {
      while let last = before.last, Self.isSpace(last) { before.removeLast() }
      pieces[pieces.count - 1] = .text(before)
    }
    pieces.append(.interpolation(expression))
    trimsNext = trimsAfter
  }

  mutating func startLine() { pieces.append(.line) }

  /// Takes away the spaces that all lines start with.
  mutating func removeIndentation() {
    var least = Int.max
    for (index, piece) in pieces.enumerated() {
      guard case .line = piece, index + 1 < pieces.count else { continue }
      guard case .text(let bytes) = pieces[index + 1] else {
        least = 0
        continue
      }
      if bytes != [newline] { least = min(least, bytes.prefix(while: Self.isBlank).count) }
    }
    for index in pieces.indices.dropLast() {
      guard case .line = pieces[index], case .text(let bytes) = pieces[index + 1] else { continue }
      let count = min(least, bytes.prefix(while: Self.isBlank).count)
      pieces[index + 1] = .text(Array(bytes.dropFirst(count)))
    }
  }

  /// A plain string, or one with interpolations.
  var kind: HCLExpression.Kind {
    var result: [HCLExpression.Piece] = []
    var text: [UInt8] = []
    for piece in pieces {
      switch piece {
      case .line: break
      case .text(let bytes): text += bytes
      case .interpolation(let expression):
        if !text.isEmpty { result.append(.text(String(decoding: text, as: UTF8.self))) }
        text = []
        result.append(.interpolation(expression))
      }
    }
    let last = String(decoding: text, as: UTF8.self)
    if result.isEmpty { return .literal(.string(last)) }
    return .template(text.isEmpty ? result : result + [.text(last)])
  }

  private static func isSpace(_ byte: UInt8) -> Bool { isBlank(byte) || byte == newline }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == 0x0D
  }
}
