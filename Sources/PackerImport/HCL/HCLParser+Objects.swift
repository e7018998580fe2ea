import Template

extension HCLParser {
  /// Reads `{ key = value … }`, or `{ for … }`.
  mutating func readObject() throws(HCLMistake) -> HCLExpression {
    let position = cursor.position
    cursor.advance()
    try skipSpace(newlines: true)
    let iteration = try bracketed { parser throws(HCLMistake) in
      try parser.readIteration(until: "}")
    }
    if let iteration { return HCLExpression(kind: .iteration(iteration), position: position) }
    let outer = ignoresNewlines
    ignoresNewlines = false
    defer { ignoresNewlines = outer }
    var members: [(key: HCLExpression, value: HCLExpression)] = []
    while true {
      try skipSpace(newlines: true)
      if cursor.next == UInt8(ascii: "}") {
        cursor.advance()
        return HCLExpression(kind: .object(members), position: position)
      }
      members.append(try readMember())
      try skipSpace()
      if cursor.next == UInt8(ascii: ",") {
        cursor.advance()
      } else if cursor.next != newline, cursor.next != UInt8(ascii: "}") {
        try stop("expected `,`, a new line or `}` in the object, not \(cursor.nextCharacter)")
      }
    }
  }

  private mutating func readMember() throws(HCLMistake) -> (
    key: HCLExpression, value: HCLExpression
  ) {
    let position = cursor.position
    let key: HCLExpression
    if cursor.next.map(Self.startsName) ?? false {
      // A bare name is the key itself, and no reference.
      let name = try readName("a key")
      key = HCLExpression(kind: .literal(.string(name)), position: position)
    } else {
      key = try readExpression()
    }
    try skipSpace()
    guard cursor.next == UInt8(ascii: "=") || cursor.next == UInt8(ascii: ":") else {
      try stop("expected `=` or `:` after the key, not \(cursor.nextCharacter)")
    }
    cursor.advance()
    if cursor.next == UInt8(ascii: ">") {
      try stop("expected a value, not `>`", hint: "`=>` stands in `for` only")
    }
    return (key, try readExpression())
  }

  /// Reads what follows `[` or `{` if it is a `for`, and the closing bracket.
  mutating func readIteration(until end: Character) throws(HCLMistake) -> HCLExpression.Iteration? {
    let start = cursor
    guard cursor.take(while: Self.continuesName).elementsEqual("for".utf8),
      cursor.next == UInt8(ascii: " ") || cursor.next == UInt8(ascii: "\t")
    else {
      cursor = start
      return nil
    }
    try skipSpace()
    guard cursor.next.map(Self.startsName) ?? false else {
      // A key that is called `for`.
      cursor = start
      return nil
    }
    var names = [try readName("a name")]
    try skipSpace()
    if cursor.next == UInt8(ascii: ",") {
      cursor.advance()
      try skipSpace()
      names.append(try readName("a name"))
      try skipSpace()
    }
    guard try readName("`in`") == "in" else { try stop("expected `in` after the names of `for`") }
    let collection = try readExpression()
    try skipSpace()
    try take(":", "after the collection of `for`")
    var key: HCLExpression?
    var value = try readExpression()
    try skipSpace()
    if end == "}" {
      try take("=", "in `=>`")
      try take(">", "in `=>`")
      key = value
      value = try readExpression()
      try skipSpace()
    }
    var condition: HCLExpression?
    if cursor.next == UInt8(ascii: "i") {
      guard try readName("`if`") == "if" else { try stop("expected `if` or `\(end)`") }
      condition = try readExpression()
      try skipSpace()
    }
    try take(end, "to close the `for`")
    return HCLExpression.Iteration(
      names: names, collection: collection, key: key, value: value, condition: condition)
  }

  /// Reads with line breaks as mere space.
  mutating func bracketed<Result>(
    _ read: (inout HCLParser) throws(HCLMistake) -> Result
  ) throws(HCLMistake) -> Result {
    let outer = ignoresNewlines
    ignoresNewlines = true
    defer { ignoresNewlines = outer }
    return try read(&self)
  }

  /// Steps over a character that must come now; line breaks before a bracket are mere space.
  mutating func take(_ character: Character, _ why: String) throws(HCLMistake) {
    try skipSpace(newlines: character != ":")
    guard cursor.next == character.asciiValue else {
      try stop("expected `\(character)` \(why), not \(cursor.nextCharacter)")
    }
    cursor.advance()
  }
}
