import Template

/// Reads the part of HCL2 that Packer templates are written in.
///
/// It stops at the first mistake. Template directives, `%{…}`, are refused.
struct HCLParser {
  /// How deep blocks and expressions may nest: far beyond any template, far within the stack.
  static let maximumDepth = 64

  /// How many operators and names may hang on each other, for the same reason.
  static let maximumChain = 1000

  var cursor: JSONCursor
  let file: String
  /// Whether a line break is mere space: between parentheses and brackets.
  var ignoresNewlines = false
  private var depth = 0
  /// How many operators and names hang on each other here.
  var chain = 0

  /// Reads a file.
  /// - Throws: ``HCLMistake`` at the first mistake.
  static func read(_ file: PackerFile) throws(HCLMistake) -> HCLBody {
    if let unreadable = unreadableText(file.bytes, as: .template) {
      throw HCLMistake(unreadable.message, at: unreadable.position, hint: unreadable.hint)
    }
    var parser = HCLParser(cursor: JSONCursor(file.bytes), file: file.name)
    if file.bytes.contains(0) {
      while let byte = parser.cursor.next, byte != 0 { parser.cursor.advance() }
      try parser.stop("the file holds a zero character here: every program ends a text there")
    }
    return try parser.readBody(isFile: true)
  }

  /// Reads a single expression, as `-var` gives it for a variable that is no string.
  static func expression(_ text: String) throws(HCLMistake) -> HCLExpression {
    var parser = HCLParser(cursor: JSONCursor(Array(text.utf8)), file: "")
    parser.ignoresNewlines = true
    let expression = try parser.readExpression()
    try parser.skipSpace()
    guard parser.cursor.next == nil else {
      try parser.stop("expected the end, not \(parser.cursor.nextCharacter)")
    }
    return expression
  }

  private init(cursor: JSONCursor, file: String) {
    self.cursor = cursor
    self.file = file
  }

  private mutating func readBody(isFile: Bool) throws(HCLMistake) -> HCLBody {
    var body = HCLBody()
    while true {
      try skipSpace(newlines: true)
      if cursor.next == UInt8(ascii: "}"), !isFile { return body }
      guard cursor.next != nil else {
        if isFile { return body }
        try stop("expected `}` to close the block, not the end of the file")
      }
      try readItem(into: &body)
    }
  }

  private mutating func readItem(into body: inout HCLBody) throws(HCLMistake) {
    let place = Place(file: file, position: cursor.position)
    if cursor.next == UInt8(ascii: "\"") {
      try stop(
        "expected the name of an attribute or a block, not a string",
        hint: "in HCL the name of an attribute has no quotes: `name = \"value\"`")
    }
    let name = try readName("the name of an attribute or a block")
    try skipSpace()
    if cursor.next == UInt8(ascii: "=") {
      cursor.advance()
      if let earlier = body[name] {
        throw HCLMistake(
          "the attribute \(quoted(name)) is given again after line "
            + "\(earlier.place.position.line)", at: place.position)
      }
      let expression = try readExpression()
      body.attributes.append(HCLAttribute(name: name, place: place, expression: expression))
      try endItem(after: "the value of \(quoted(name))")
    } else {
      body.blocks.append(try readBlock(name, at: place))
      try endItem(after: "the block \(quoted(name))")
    }
  }

  private mutating func readBlock(
    _ type: String, at place: Place
  ) throws(HCLMistake) -> HCLBlock {
    var labels: [String] = []
    while cursor.next != UInt8(ascii: "{") {
      if cursor.next == UInt8(ascii: "\"") {
        labels.append(try readLabel())
      } else if cursor.next.map(Self.startsName) ?? false {
        labels.append(try readName("a label"))
      } else {
        try stop("expected `=` or `{` after \(quoted(type)), not \(cursor.nextCharacter)")
      }
      try skipSpace()
    }
    cursor.advance()
    try enter()
    let body = try readBody(isFile: false)
    leave()
    cursor.advance()
    return HCLBlock(type: type, labels: labels, place: place, body: body)
  }

  private mutating func readLabel() throws(HCLMistake) -> String {
    let position = cursor.position
    let expression = try readQuoted()
    switch expression.kind {
    case .literal(.string(let label)): return label
    default: throw HCLMistake("a label must be a plain string", at: position)
    }
  }

  private mutating func endItem(after what: String) throws(HCLMistake) {
    try skipSpace()
    switch cursor.next {
    case nil, newline, UInt8(ascii: "}"): return
    case UInt8(ascii: ","):
      try stop(
        "expected the end of the line after \(what), not `,`",
        hint: "attributes of a block stand on lines of their own, without commas")
    default: try stop("expected the end of the line after \(what), not \(cursor.nextCharacter)")
    }
  }
}

extension HCLParser {
  /// Goes one level deeper.
  mutating func enter() throws(HCLMistake) {
    depth += 1
    if depth > Self.maximumDepth {
      try stop("blocks and expressions nest deeper than \(Self.maximumDepth) levels here")
    }
  }

  /// Counts one more operator or name in a chain.
  mutating func lengthenChain() throws(HCLMistake) {
    chain += 1
    if chain > Self.maximumChain {
      try stop("the expression holds more than \(Self.maximumChain) operators and names in a row")
    }
  }

  /// Comes back from a level.
  mutating func leave() { depth -= 1 }

  /// Steps over spaces and comments, and over line breaks where they mean nothing.
  mutating func skipSpace(newlines: Bool = false) throws(HCLMistake) {
    while let byte = cursor.next {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): cursor.advance()
      case newline where newlines || ignoresNewlines: cursor.advance()
      case UInt8(ascii: "#"): _ = cursor.take { $0 != newline }
      case UInt8(ascii: "/") where cursor.afterNext == UInt8(ascii: "/"):
        _ = cursor.take { $0 != newline }
      case UInt8(ascii: "/") where cursor.afterNext == UInt8(ascii: "*"): try skipComment()
      default: return
      }
    }
  }

  private mutating func skipComment() throws(HCLMistake) {
    let opened = cursor.position
    cursor.advance()
    cursor.advance()
    while let byte = cursor.next {
      let ends = byte == UInt8(ascii: "*") && cursor.afterNext == UInt8(ascii: "/")
      cursor.advance()
      if ends {
        cursor.advance()
        return
      }
    }
    try stop("expected `*/` to close the comment of line \(opened.line), not the end of the file")
  }

  /// Reads a name.
  mutating func readName(_ what: String) throws(HCLMistake) -> String {
    guard let first = cursor.next, Self.startsName(first) else {
      try stop("expected \(what), not \(cursor.nextCharacter)")
    }
    return String(decoding: cursor.take(while: Self.continuesName), as: UTF8.self)
  }

  static func startsName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "_"), 0x80...: true
    default: false
    }
  }

  static func continuesName(_ byte: UInt8) -> Bool {
    startsName(byte) || byte == UInt8(ascii: "-") || isDigit(byte)
  }

  static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  /// Ends the reading with a mistake at the cursor.
  func stop(_ message: String, hint: String? = nil) throws(HCLMistake) -> Never {
    throw HCLMistake(message, at: cursor.position, hint: hint)
  }
}

/// Why a text is not HCL, or not the part of it that is understood.
struct HCLMistake: Error {
  let message: String
  let position: SourcePosition
  let hint: String?

  init(_ message: String, at position: SourcePosition, hint: String? = nil) {
    self.message = message
    self.position = position
    self.hint = hint
  }
}

let newline = UInt8(ascii: "\n")
