import Template

extension HCLParser {
  /// Reads an expression: what is loosest first.
  mutating func readExpression() throws(HCLMistake) -> HCLExpression {
    try enter()
    let outer = chain
    defer {
      chain = outer
      leave()
    }
    try skipSpace()
    let position = cursor.position
    let condition = try readBinary(level: 0)
    try skipSpace()
    guard cursor.next == UInt8(ascii: "?") else { return condition }
    cursor.advance()
    let yes = try readExpression()
    try skipSpace()
    try take(":", "between the two results of `?`")
    let no = try readExpression()
    return HCLExpression(kind: .conditional(condition, yes, no), position: position)
  }

  /// The operators with two sides, the loosest first.
  private static let operators: [[String]] = [
    ["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"],
  ]

  private mutating func readBinary(level: Int) throws(HCLMistake) -> HCLExpression {
    guard level < Self.operators.count else { return try readUnary() }
    var left = try readBinary(level: level + 1)
    while true {
      try skipSpace()
      guard let sign = takeOperator(of: Self.operators[level]) else { return left }
      try lengthenChain()
      let right = try readBinary(level: level + 1)
      left = HCLExpression(kind: .binary(sign, left, right), position: left.position)
    }
  }

  private mutating func takeOperator(of signs: [String]) -> String? {
    for sign in signs {
      let bytes = Array(sign.utf8)
      guard cursor.next == bytes[0] else { continue }
      if bytes.count == 2, cursor.afterNext != bytes[1] { continue }
      // `=>` ends a key, and `//` and `/*` start comments.
      if bytes.count == 1, cursor.afterNext == UInt8(ascii: "="), sign != "+" { continue }
      for _ in bytes { cursor.advance() }
      return sign
    }
    return nil
  }

  private mutating func readUnary() throws(HCLMistake) -> HCLExpression {
    try skipSpace()
    let position = cursor.position
    switch cursor.next {
    case UInt8(ascii: "!"):
      cursor.advance()
      return HCLExpression(kind: .not(try readNestedUnary()), position: position)
    case UInt8(ascii: "-"):
      cursor.advance()
      return HCLExpression(kind: .negative(try readNestedUnary()), position: position)
    default: return try readPostfix()
    }
  }

  private mutating func readNestedUnary() throws(HCLMistake) -> HCLExpression {
    try enter()
    defer { leave() }
    return try readUnary()
  }

  private mutating func readPostfix() throws(HCLMistake) -> HCLExpression {
    var expression = try readPrimary()
    while true {
      try lengthenChain()
      if cursor.next == UInt8(ascii: "."), cursor.afterNext != UInt8(ascii: ".") {
        cursor.advance()
        expression = try readMember(of: expression)
      } else if cursor.next == UInt8(ascii: "[") {
        expression = try readIndex(of: expression)
      } else {
        return expression
      }
    }
  }

  private mutating func readMember(of base: HCLExpression) throws(HCLMistake) -> HCLExpression {
    if cursor.next == UInt8(ascii: "*") {
      cursor.advance()
      return try readSplat(of: base)
    }
    if let byte = cursor.next, Self.isDigit(byte) {
      let digits = String(decoding: cursor.take(while: Self.isDigit), as: UTF8.self)
      let index = HCLExpression(kind: .literal(.number(digits)), position: cursor.position)
      return HCLExpression(kind: .index(base, index), position: base.position)
    }
    let name = try readName("a name after `.`")
    return HCLExpression(kind: .member(base, name), position: base.position)
  }

  private mutating func readIndex(of base: HCLExpression) throws(HCLMistake) -> HCLExpression {
    cursor.advance()
    if cursor.next == UInt8(ascii: "*") {
      cursor.advance()
      try take("]", "after `[*`")
      return try readSplat(of: base)
    }
    let index = try bracketed { parser throws(HCLMistake) in try parser.readExpression() }
    try take("]", "to close the index")
    return HCLExpression(kind: .index(base, index), position: base.position)
  }

  private mutating func readSplat(of base: HCLExpression) throws(HCLMistake) -> HCLExpression {
    var names: [String] = []
    while cursor.next == UInt8(ascii: ".") {
      cursor.advance()
      names.append(try readName("a name after `.`"))
    }
    return HCLExpression(kind: .splat(base, names), position: base.position)
  }

  private mutating func readPrimary() throws(HCLMistake) -> HCLExpression {
    let position = cursor.position
    switch cursor.next {
    case UInt8(ascii: "\""): return try readQuoted()
    case UInt8(ascii: "<") where cursor.afterNext == UInt8(ascii: "<"): return try readHeredoc()
    case UInt8(ascii: "("):
      cursor.advance()
      let inner = try bracketed { parser throws(HCLMistake) in try parser.readExpression() }
      try take(")", "to close the parenthesis")
      return inner
    case UInt8(ascii: "["): return try readList()
    case UInt8(ascii: "{"): return try readObject()
    case let byte? where Self.isDigit(byte): return try readNumber()
    case let byte? where Self.startsName(byte): return try readWord()
    case UInt8(ascii: "'"):
      try stop("expected a value, not `'`", hint: "a string has double quotes, not single ones")
    default:
      throw HCLMistake("expected a value, not \(cursor.nextCharacter)", at: position)
    }
  }

  private mutating func readNumber() throws(HCLMistake) -> HCLExpression {
    let position = cursor.position
    var text = String(decoding: cursor.take(while: Self.isDigit), as: UTF8.self)
    if cursor.next == UInt8(ascii: "."), cursor.afterNext.map(Self.isDigit) ?? false {
      cursor.advance()
      text += "." + String(decoding: cursor.take(while: Self.isDigit), as: UTF8.self)
    }
    if cursor.next == UInt8(ascii: "e") || cursor.next == UInt8(ascii: "E") {
      cursor.advance()
      text += "e"
      if cursor.next == UInt8(ascii: "-") || cursor.next == UInt8(ascii: "+") {
        text += cursor.next == UInt8(ascii: "-") ? "-" : ""
        cursor.advance()
      }
      let digits = String(decoding: cursor.take(while: Self.isDigit), as: UTF8.self)
      if digits.isEmpty { try stop("expected digits after `e`, not \(cursor.nextCharacter)") }
      text += digits
    }
    return HCLExpression(kind: .literal(.number(text)), position: position)
  }

  private mutating func readWord() throws(HCLMistake) -> HCLExpression {
    let position = cursor.position
    let name = try readName("a value")
    switch name {
    case "true": return HCLExpression(kind: .literal(.bool(true)), position: position)
    case "false": return HCLExpression(kind: .literal(.bool(false)), position: position)
    case "null": return HCLExpression(kind: .literal(.null), position: position)
    default: break
    }
    guard cursor.next == UInt8(ascii: "(") else {
      return HCLExpression(kind: .name(name), position: position)
    }
    cursor.advance()
    let arguments = try bracketed { parser throws(HCLMistake) in try parser.readArguments() }
    return HCLExpression(kind: .call(name, arguments), position: position)
  }

  private mutating func readArguments() throws(HCLMistake) -> [HCLExpression] {
    try readItems(until: ")", of: "the arguments")
  }

  private mutating func readList() throws(HCLMistake) -> HCLExpression {
    let position = cursor.position
    cursor.advance()
    return try bracketed { parser throws(HCLMistake) in
      try parser.skipSpace()
      if let iteration = try parser.readIteration(until: "]") {
        return HCLExpression(kind: .iteration(iteration), position: position)
      }
      let items = try parser.readItems(until: "]", of: "the list")
      return HCLExpression(kind: .list(items), position: position)
    }
  }

  /// Reads values between commas, and the closing bracket.
  private mutating func readItems(
    until end: Character, of what: String
  ) throws(HCLMistake) -> [HCLExpression] {
    var items: [HCLExpression] = []
    while true {
      try skipSpace()
      if cursor.next == end.asciiValue {
        cursor.advance()
        return items
      }
      items.append(try readExpression())
      try skipSpace()
      if cursor.next == UInt8(ascii: ",") {
        cursor.advance()
      } else if cursor.next == UInt8(ascii: "."), cursor.afterNext == UInt8(ascii: ".") {
        try stop("expanding a list into arguments, `...`, is not understood")
      } else if cursor.next != end.asciiValue {
        try stop("expected `,` or `\(end)` in \(what), not \(cursor.nextCharacter)")
      }
    }
  }
}
