/// Reads JSON as people write it in templates: with comments, trailing commas and a byte order
/// mark, which ARM deployments accept as well.
///
/// It reads each byte once. After a missing comma, a bad escape or a bad number it goes on and
/// finds what else is wrong; after any other mistake it stops.
package struct JSONReader {
  /// How deep arrays and objects may nest: far beyond any template, far within the stack.
  static let maximumDepth = 128

  /// How many bytes a template may have: as many as Azure Resource Manager takes.
  static let maximumBytes = 4 << 20

  var cursor: JSONCursor
  var findings: Findings
  private let kind: JSONTextKind
  private var toleratedForms: Set<ToleratedForm> = []

  /// Reads a document.
  /// - Returns: the value, unless there is a mistake of syntax, and everything that was noticed.
  package static func read(
    _ bytes: [UInt8], as kind: JSONTextKind = .template
  ) -> (value: JSONValue?, findings: Findings) {
    if let unreadable = unreadableText(bytes, as: kind) {
      var findings = Findings()
      findings.add(unreadable)
      return (nil, findings)
    }
    var reader = JSONReader(cursor: JSONCursor(bytes), findings: Findings(), kind: kind)
    // Why it stopped is among the findings.
    let value = try? reader.readDocument()
    return (reader.findings.hasErrors ? nil : value, reader.findings)
  }

  private init(cursor: JSONCursor, findings: Findings, kind: JSONTextKind) {
    self.cursor = cursor
    self.findings = findings
    self.kind = kind
  }

  private mutating func readDocument() throws(SyntaxStop) -> JSONValue {
    try skipSpace()
    if cursor.next == nil {
      try stop(.empty, "cannot read \(kind.rawValue): the file is empty")
    }
    let value = try readValue(depth: 0)
    try skipSpace()
    if cursor.next != nil {
      try stop(
        .afterEnd, "expected the end of the file after the document, not \(cursor.nextCharacter)",
        hint: "there is a closing bracket too many above, or text after \(kind.rawValue)")
    }
    return value
  }

  private mutating func readValue(depth: Int) throws(SyntaxStop) -> JSONValue {
    guard depth <= Self.maximumDepth else {
      try stop(
        .tooDeep, "cannot read a value that is nested deeper than \(Self.maximumDepth) levels")
    }
    let position = cursor.position
    let content: JSONValue.Content
    switch cursor.next {
    case UInt8(ascii: "{"): content = .object(try readMembers(depth: depth))
    case UInt8(ascii: "["): content = .array(try readElements(depth: depth))
    case UInt8(ascii: "\""): content = .string(try readString())
    default: content = try readWord()
    }
    return JSONValue(content: content, position: position)
  }

  private mutating func readMembers(depth: Int) throws(SyntaxStop) -> [JSONMember] {
    let opened = cursor.position
    cursor.advance()
    var members: [JSONMember] = []
    var places: [String: Int] = [:]
    var comma: SourcePosition?
    while true {
      try skipSpace()
      if try closes(with: UInt8(ascii: "}"), comma: comma) { return members }
      try demandMore("}", of: "the object", openedAt: opened)
      guard cursor.next == UInt8(ascii: "\"") else {
        try stop(
          .syntax, "expected a field name in double quotes or `}`, not \(cursor.nextCharacter)",
          hint: singleQuoteHint)
      }
      let member = try readMember(depth: depth)
      if let earlier = places[member.key] {
        warnDuplicate(member, of: members[earlier])
        members[earlier] = member
      } else {
        places[member.key] = members.count
        members.append(member)
      }
      comma = try readSeparator(before: "}", openedAt: opened, of: "the object") {
        $0 == UInt8(ascii: "\"")
      }
    }
  }

  private mutating func readMember(depth: Int) throws(SyntaxStop) -> JSONMember {
    let keyPosition = cursor.position
    let key = try readString()
    try skipSpace()
    guard cursor.next == UInt8(ascii: ":") else {
      try stop(
        .syntax, "expected `:` after the field name \(quoted(key)), not \(cursor.nextCharacter)")
    }
    cursor.advance()
    try skipSpace()
    let value = try readValue(depth: depth + 1)
    return JSONMember(key: key, keyPosition: keyPosition, value: value)
  }

  /// Encoders differ in which one they take; Go's, the service's own, takes the last.
  private mutating func warnDuplicate(_ member: JSONMember, of earlier: JSONMember) {
    findings.warn(
      .duplicateField,
      "the field \(quoted(member.key)) is given again: this value replaces the one of line "
        + "\(earlier.keyPosition.line)", at: member.keyPosition, path: "")
  }

  private mutating func readElements(depth: Int) throws(SyntaxStop) -> [JSONValue] {
    let opened = cursor.position
    cursor.advance()
    var elements: [JSONValue] = []
    var comma: SourcePosition?
    while true {
      try skipSpace()
      if try closes(with: UInt8(ascii: "]"), comma: comma) { return elements }
      try demandMore("]", of: "the array", openedAt: opened)
      if cursor.next == UInt8(ascii: "}") {
        try stop(.syntax, "expected a value or `]`, not `}`")
      }
      elements.append(try readValue(depth: depth + 1))
      comma = try readSeparator(before: "]", openedAt: opened, of: "the array") {
        $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[")
      }
    }
  }

  private mutating func closes(
    with bracket: UInt8, comma: SourcePosition?
  ) throws(SyntaxStop) -> Bool {
    guard cursor.next == bracket else { return false }
    cursor.advance()
    if let comma {
      tolerate(.trailingComma, at: comma)
      findings.mend(.comma, at: comma)
    }
    return true
  }

  private mutating func demandMore(
    _ bracket: String, of what: String, openedAt opened: SourcePosition
  ) throws(SyntaxStop) {
    guard cursor.next == nil else { return }
    try stop(
      .unclosed,
      "expected `\(bracket)` to close \(what) of line \(opened.line), column \(opened.column), "
        + "not the end of the file")
  }

  /// Steps over the comma and returns its place; `nil` before the closing bracket, and where the
  /// comma is missing between two values, which is reported.
  private mutating func readSeparator(
    before bracket: Character, openedAt opened: SourcePosition, of what: String,
    startsNext: (UInt8) -> Bool
  ) throws(SyntaxStop) -> SourcePosition? {
    let valueEnd = cursor.position
    try skipSpace()
    guard let byte = cursor.next else {
      try demandMore(String(bracket), of: what, openedAt: opened)
      return nil
    }
    if byte == UInt8(ascii: ",") {
      let comma = cursor.position
      cursor.advance()
      return comma
    }
    if byte == bracket.asciiValue { return nil }
    let expected = "expected `,` or `\(bracket)` after the value"
    guard startsNext(byte) else { try stop(.syntax, "\(expected), not \(cursor.nextCharacter)") }
    findings.fail(
      .missingComma, expected, at: valueEnd, path: "",
      hint: "a comma is missing before the next value")
    return nil
  }
}

extension JSONReader {
  /// Reports a mistake at the cursor, and ends the reading.
  mutating func stop(
    _ code: Diagnostic.Code, _ message: String, hint: String? = nil
  ) throws(SyntaxStop) -> Never {
    findings.fail(code, message, at: cursor.position, path: "", hint: hint)
    throw SyntaxStop()
  }

  /// Notes, once for each form, that the text is not strict JSON.
  mutating func tolerate(_ form: ToleratedForm, at position: SourcePosition) {
    guard kind == .template, toleratedForms.insert(form).inserted else { return }
    findings.warn(
      form.code, "\(form.rawValue) is not strict JSON: it is accepted here", at: position, path: "",
      hint: "`az image builder create` refuses the file")
  }
}

/// What a JSON text is, as messages name it.
package enum JSONTextKind: String {
  /// An image template: Azure's own tools refuse what strict JSON lacks, so it is told.
  case template = "the template"
  /// A file that only Kiln reads.
  case sources = "the file of sources"
  /// The values of a deployment's parameters.
  case parameters = "the parameters"
  /// The values of placeholders.
  case values = "the values"
  /// A value within another text.
  case value = "the value"
}

/// What strict JSON forbids and this reader takes.
enum ToleratedForm: String {
  case comment = "a comment"
  case trailingComma = "a comma before the closing bracket"
  case controlCharacter = "a control character in a string"

  var code: Diagnostic.Code {
    switch self {
    case .comment: .comment
    case .trailingComma: .trailingComma
    case .controlCharacter: .controlCharacter
    }
  }
}

/// Ends the reading; the reason is among the findings already.
struct SyntaxStop: Error {}
