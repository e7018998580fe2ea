import Testing

@testable import Template

/// What holds for all values of some kind.
@Suite struct EvaluatorPropertyTests {
  private static let texts = [
    "", "a", "it''s", "{}", "<x>", "é", "\u{1F600}x", " sp ace ", "a/b?c=d&e", "[x]", "%41", "=",
    "\t",
  ]

  @Test(arguments: texts)
  func `what is encoded decodes to itself`(text: String) throws {
    let plain = try evaluate("'\(text)'")
    for (encode, decode) in [
      ("base64", "base64ToString"), ("uriComponent", "uriComponentToString"),
      ("dataUri", "dataUriToString"),
    ] {
      #expect(try evaluate("\(decode)(\(encode)('\(text)'))") == plain)
    }
    #expect(try evaluate("json(string(createArray('\(text)')))[0]") == plain)
    #expect(try evaluate("concat(take('\(text)', 2), skip('\(text)', 2))") == plain)
    #expect(try evaluate("join(split('\(text)', 'x'), 'x')") == plain)
  }

  @Test(arguments: [(17, 5), (-17, 5), (17, -5), (0, 3), (1, 1)])
  func `division and remainder fit together`(numbers: (Int, Int)) throws {
    let (left, right) = numbers
    #expect(
      try evaluate("add(mul(div(\(left), \(right)), \(right)), mod(\(left), \(right)))")
        == "\(left)")
  }

  @Test(arguments: 0..<200)
  func `a day of the calendar is itself again`(step: Int) throws {
    let seconds = -62_135_596_800 + step * 1_577_000_000
    #expect(
      try evaluate("dateTimeToEpoch(dateTimeFromEpoch(\(seconds)))") == "\(seconds)")
  }

  @Test func `a literal text is any text that is no expression`() {
    for text in ["", "[", "]", "a", "[a", "a]", "[[a]", "[[[a]", "[]x"] {
      guard case .literal(let plain) = ExpressionText(text) else {
        Issue.record("\(text) is no literal")
        continue
      }
      let isEscaped = text.hasPrefix("[[") && text.hasSuffix("]")
      #expect(plain == (isEscaped ? String(text.dropFirst()) : text))
    }
    guard case .expression = ExpressionText("[a()]") else {
      Issue.record("[a()] is no expression")
      return
    }
  }

  @Test(arguments: [
    "reduce(range(0, 10000), '', lambda('a', 'b', concat(lambdaVariables('a'), 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')))",
    "reduce(range(0, 1000), createArray(), lambda('a', 'b', createArray(lambdaVariables('a'))))",
    "reduce(range(0, 100), createArray(1), lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))",
    "reduce(range(0, 100), 'x', lambda('a', 'b', replace(lambdaVariables('a'), 'x', 'xx')))",
    "map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', 1))))",
    "format('{0,2000000}{0,2000000}', 'a')", "padLeft('', 1000000000)",
    "join(map(range(0, 10000), lambda('a', padLeft('x', 1000))), '')",
  ])
  func `what grows without end is stopped by a limit that is named`(expression: String) {
    let failure = ExpressionKit().failure(expression)
    #expect(failure != nil)
    #expect(failure?.contains { $0.isNumber } == true, "\(failure ?? "")")
  }

  @Test func `an expression that nests or chains too deep is refused`() {
    let nested = String(repeating: "concat(", count: 70_000) + String(repeating: ")", count: 70_000)
    #expect(ExpressionKit().failure(nested) != nil)
    let deep = String(repeating: "concat(", count: 100) + "'a'" + String(repeating: ")", count: 100)
    #expect(ExpressionKit().failure(deep)?.contains("nests deeper than 64 levels") == true)
    let chain = "resourceGroup()" + String(repeating: ".a", count: 1000)
    #expect(ExpressionKit().failure(chain)?.contains("a chain of more than 64") == true)
  }

  @Test func `variables in a long row are refused before the stack ends`() {
    let row = (0..<2000).map { "\"v\($0)\": \"[concat(variables('v\($0 + 1)'))]\"" }
    let kit = ExpressionKit(variables: "{\(row.joined(separator: ",")), \"v2000\": \"x\"}")
    #expect(kit.failure("variables('v0')")?.contains("nest deeper than") == true)
    #expect(kit.failure("variables('v1980')") == nil)
  }
}
