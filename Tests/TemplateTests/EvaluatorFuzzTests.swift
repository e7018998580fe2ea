import Foundation
import Testing

@testable import Template

/// The same numbers in every run, so that a failure can be repeated (xorshift64*).
private struct RepeatableGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 2_685_821_657_736_338_717
  }
}

/// Random expressions, most of them well formed, and documents around them.
private struct ExpressionFuzzer {
  var generator: RepeatableGenerator

  private static let names =
    TemplateFunction.all.values.map(\.name).sorted()
    + ContextFunction.all.values.map(\.name).sorted()
    + ["reference", "listKeys", "contoso.f", "contoso.endless", "nosuch"]

  private static let atoms = [
    "0", "1", "-1", "3", "800", "10000", "9223372036854775807", "''", "'a'", "'A'", "'{0}'",
    "'{0:N2}'",
    "'{\"a\": [1]}'", "'P1D'", "'2020-01-01'", "'10.0.0.0/8'", "'Microsoft.X/y'", "'é\u{1F600}'",
    "'{0,99999}'", "'http://a/b'", "true()", "null()", "createArray()", "createObject('a', 1)",
    "variables('v')", "variables('loop')", "variables('grow')", "parameters('p')",
    "parameters('none')",
    "range(0, 100)", "range(0, 10000)", "copyIndex()", "lambdaVariables('x')", "resourceGroup()",
    "padLeft('a', 2000000)", "split(padLeft('', 1000000, ','), ',')",
  ]

  private static let noise = [
    "(", ")", "[", "]", "'", ",", ".", "''", "\"", "\\", " ", "\u{0}", "x", "9",
  ]

  mutating func expression(_ depth: Int = 0) -> String {
    guard depth < 5, Int.random(in: 0..<4, using: &generator) > 0 else {
      return Self.atoms.randomElement(using: &generator) ?? "1"
    }
    switch Int.random(in: 0..<12, using: &generator) {
    case 0:
      return expression(depth + 1) + "."
        + (["a", "x", "length"].randomElement(using: &generator) ?? "a")
    case 1: return expression(depth + 1) + "[" + expression(depth + 1) + "]"
    case 2:
      let function =
        ["map", "filter", "reduce", "sort", "toObject", "groupBy"].randomElement(using: &generator)
        ?? "map"
      let first = function == "reduce" ? ", " + expression(depth + 1) : ""
      return "\(function)(\(expression(depth + 1))\(first), lambda('x', \(expression(depth + 1))))"
    default:
      let count = Int.random(in: 0..<4, using: &generator)
      let arguments = (0..<count).map { _ in expression(depth + 1) }
      return
        "\(Self.names.randomElement(using: &generator) ?? "concat")(\(arguments.joined(separator: ", ")))"
    }
  }

  /// An expression, now and then with something put in or taken out.
  mutating func text() -> String {
    var text = Array(expression())
    while Int.random(in: 0..<5, using: &generator) == 0 {
      let place = Int.random(in: 0...text.count, using: &generator)
      if Bool.random(using: &generator), place < text.count {
        text.remove(at: place)
      } else {
        text.insert(contentsOf: Self.noise.randomElement(using: &generator) ?? "", at: place)
      }
    }
    return String(text)
  }

  /// A deployment with random expressions where they count.
  mutating func document() -> [UInt8] {
    let image = DeploymentKit.image(
      quoted(),
      "\"condition\": \(quotedJSON()), \"copy\": {\"name\": \"c\", \"count\": \(quotedJSON())},",
      customize: "[{\"type\": \"Shell\", \"inline\": [\(quotedJSON())]}, \(quotedJSON())]")
    return Array(
      #"""
      {"parameters": {"p": {"type": "string", "defaultValue": \#(quotedJSON())}, "none": {"type": "array"}},
      "variables": {"v": \#(quotedJSON()), "grow": "[concat(variables('big'), variables('big'))]",
      "big": "[padLeft('x', 900000)]", "copy": [{"name": "loop", "count": \#(quotedJSON()), "input": \#(quotedJSON())}]},
      "functions": [{"namespace": "contoso", "members": {
        "f": {"parameters": [{"name": "x"}], "output": {"value": \#(quotedJSON())}},
        "endless": {"parameters": [], "output": {"value": "[contoso.endless()]"}}}}],
      "resources": [\#(image)]}
      """#.utf8)
  }

  private mutating func quoted() -> String {
    let text = "[\(text())]"
    return text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
      "\u{0}", with: " ")
  }

  private mutating func quotedJSON() -> String { "\"\(quoted())\"" }
}

/// No expression crashes the evaluator, keeps it busy, or makes it grow.
///
/// `KILN_FUZZ=1000000` has that many documents evaluated in place of a few thousand.
@Suite struct EvaluatorFuzzTests {
  private static let count =
    ProcessInfo.processInfo.environment["KILN_FUZZ"].flatMap(Int.init) ?? 500

  /// How long one document may take: a second, and twenty in a debug build on a busy machine.
  #if DEBUG
    private static let patience = Duration.seconds(20)
  #else
    private static let patience = Duration.seconds(1)
  #endif

  @Test(.timeLimit(.minutes(600)))
  func `any document is evaluated or refused, in bounded time`() {
    var fuzzer = ExpressionFuzzer(generator: RepeatableGenerator(state: 42))
    var longest = Duration.zero
    for _ in 0..<Self.count {
      let bytes = fuzzer.document()
      let start = ContinuousClock.now
      let inputs = DeploymentInputs(site: ExpressionKit.site, purpose: .check)
      let reading = TemplateDocument.readAll(bytes, named: "f", with: inputs)
      let time = start.duration(to: .now)
      if time > longest { longest = time }
      if time > Self.patience { Issue.record("\(time): \(String(decoding: bytes, as: UTF8.self))") }
      let hasErrors = reading.diagnostics.contains { $0.severity == .error }
      #expect(hasErrors == reading.templates.isEmpty)
    }
    print("\(Self.count) random documents evaluated, the longest in \(longest)")
  }

  @Test func `the same document gives the same twice`() {
    var fuzzer = ExpressionFuzzer(generator: RepeatableGenerator(state: 7))
    let inputs = DeploymentInputs(site: ExpressionKit.site, purpose: .check)
    for _ in 0..<200 {
      let bytes = fuzzer.document()
      let first = TemplateDocument.readAll(bytes, named: "f", with: inputs)
      let second = TemplateDocument.readAll(bytes, named: "f", with: inputs)
      #expect(first.diagnostics == second.diagnostics)
      #expect(first.templates.map(\.template) == second.templates.map(\.template))
    }
  }
}

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
