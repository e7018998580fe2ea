/// Reads an expression by the grammar of ARM templates: calls, members, indexes, strings and whole
/// numbers.
struct ExpressionParser {
  private var lexer: ExpressionLexer
  private var token = ExpressionLexer.Token.end

  /// Reads all of a text that begins with `[` and ends with `]`.
  static func parse(_ text: String) throws(ExpressionFailure) -> Expression {
    guard text.utf8.count <= ExpressionLimits.expressionBytes else {
      throw ExpressionFailure(
        "the expression has \(text.utf8.count) bytes, and \(ExpressionLimits.expressionBytes) is "
          + "the most")
    }
    var parser = ExpressionParser(lexer: ExpressionLexer(text))
    try parser.advance()
    try parser.expect(.openingBracket, "`[`")
    let expression = try parser.readExpression(depth: 0)
    try parser.expect(.closingBracket, "`]`, `.`, `[` or `(`")
    guard parser.token == .end else {
      throw parser.unexpected("the end of the expression")
    }
    return expression
  }

  private init(lexer: ExpressionLexer) {
    self.lexer = lexer
  }

  private mutating func readExpression(depth: Int) throws(ExpressionFailure) -> Expression {
    guard depth <= ExpressionLimits.nesting else {
      throw ExpressionFailure(
        "the expression nests deeper than \(ExpressionLimits.nesting) levels",
        character: lexer.character)
    }
    var expression = try readBase(depth: depth)
    var links = 0
    while true {
      // A chain is walked by recursion later on, as nesting is.
      links += 1
      guard links <= ExpressionLimits.nesting else {
        throw ExpressionFailure(
          "the expression has a chain of more than \(ExpressionLimits.nesting) members",
          character: lexer.character)
      }
      let character = lexer.character
      switch token {
      case .dot:
        try advance()
        expression = .member(expression, name: try readMemberName(), character: character)
      case .openingBracket:
        try advance()
        let index = try readExpression(depth: depth + 1)
        try expect(.closingBracket, "`]` to close the index")
        expression = .index(expression, index: index, character: character)
      default: return expression
      }
    }
  }

  private mutating func readBase(depth: Int) throws(ExpressionFailure) -> Expression {
    switch token {
    case .string(let text):
      try advance()
      return .string(text)
    case .integer(let value):
      try advance()
      return .integer(value)
    case .name(let name): return try readCall(name, depth: depth)
    default: throw unexpected("a function, a string or a number")
    }
  }

  private mutating func readCall(
    _ first: String, depth: Int
  ) throws(ExpressionFailure) -> Expression {
    let character = lexer.character
    var name = first
    try advance()
    while token == .dot {
      // The functions of a template have a namespace: `contoso.name(…)`.
      try advance()
      name += "." + (try readMemberName())
    }
    guard token == .opening else {
      let hint =
        ["true", "false", "null"].contains(name.lowercased())
        ? "write `\(name.lowercased())()`" : "text needs single quotes: `'\(printable(name))'`"
      throw ExpressionFailure(
        "expected `(` after \(quoted(name)), not \(spoken)", hint: hint, character: lexer.character)
    }
    try advance()
    var arguments: [Expression] = []
    while token != .closing {
      if !arguments.isEmpty { try expect(.comma, "`,` or `)` after the argument") }
      arguments.append(try readExpression(depth: depth + 1))
    }
    try advance()
    return .call(Expression.Call(name: name, arguments: arguments, character: character))
  }

  private mutating func readMemberName() throws(ExpressionFailure) -> String {
    switch token {
    case .name(let name):
      try advance()
      return name
    default: throw unexpected("a name after `.`")
    }
  }

  private mutating func expect(
    _ wanted: ExpressionLexer.Token, _ name: String
  ) throws(ExpressionFailure) {
    guard token == wanted else { throw unexpected(name) }
    try advance()
  }

  private mutating func advance() throws(ExpressionFailure) {
    token = try lexer.read()
  }

  private func unexpected(_ wanted: String) -> ExpressionFailure {
    ExpressionFailure("expected \(wanted), not \(spoken)", character: lexer.character)
  }

  private var spoken: String {
    switch token {
    case .string(let text): "the string \(quoted(text))"
    case .integer(let value): "`\(value)`"
    case .name(let name): quoted(name)
    case .opening: "`(`"
    case .closing: "`)`"
    case .openingBracket: "`[`"
    case .closingBracket: "`]`"
    case .comma: "`,`"
    case .dot: "`.`"
    case .end: "the end of the expression"
    }
  }
}
