import Testing

@testable import Template

/// Documents that mean to keep their reader busy, each in its own way: they are read or refused
/// within a second of an optimized build.
@Suite struct BoundTests {
  /// What grows, and a document that has it.
  struct Hostile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
  }

  private static func expression(_ name: String, _ expression: String) -> Hostile {
    let variables = #"""
      {"s": "[padLeft('', 1000000, 'x')]",
      "o": "[toObject(range(0, 10000), lambda('y', string(lambdaVariables('y'))))]"}
      """#
    return Hostile(
      testDescription: name,
      text: DeploymentKit(variables: variables).text(
        "[\(DeploymentKit.image("one", "\"tags\": {\"x\": \"[string(\(expression))]\"},"))]"))
  }

  private static func resources(_ name: String, _ resources: String...) -> Hostile {
    Hostile(
      testDescription: name,
      text: DeploymentKit().text("[\(resources.joined(separator: ","))]"))
  }

  private static let turns = #""copy": {"name": "c", "count": 800},"#

  private static func many(_ text: String) -> String {
    Array(repeating: text, count: 20_000).joined(separator: ",")
  }

  private static let hostile = [
    expression(
      "a search that nearly succeeds everywhere",
      "indexOf(padLeft('', 1000000, 'a'), concat(padLeft('', 500000, 'a'), 'b'))"),
    expression(
      "thousands of delimiters",
      "split(variables('s'), map(range(0, 10000), lambda('x', string(lambdaVariables('x')))))"),
    expression(
      "members that are not there",
      "map(range(0, 10000), lambda('x', tryGet(variables('o'), 'zz')))"),
    expression(
      "sorting again and again", "map(range(0, 10000), lambda('x', length(items(variables('o')))))"),
    expression(
      "objects that are made of nothing",
      "map(range(0, 10000), lambda('x', map(range(0, 10), lambda('y', length(environment())))))"),
    resources(
      "loops that wait for loops", DeploymentKit.image("[concat('a', copyIndex())]", turns),
      DeploymentKit.image(
        "[concat('b', copyIndex())]",
        #""copy": {"name": "d", "count": 800}, "dependsOn": ["c", "d"],"#)),
    resources(
      "a long name in each turn",
      DeploymentKit.image("[concat(padLeft('', 1000000, 'x'), copyIndex())]", turns)),
    resources(
      "a long text in each turn",
      DeploymentKit.image(
        "[concat('a', copyIndex())]", turns + #""tags": {"x": "[padLeft('', 15000, '<')]"},"#)),
    resources(
      "resources within resources", DeploymentKit.image(),
      #"{"type": "X/y", "name": "x", \#(turns) "resources": [\#(many("{}"))]}"#),
    resources(
      "a large resource in each turn", DeploymentKit.image(),
      #"{"type": "X/y", "name": "x", \#(turns) "properties": [\#(many("1"))]}"#),
    resources("more resources than any has", DeploymentKit.image(), many("{}")),
    resources(
      "a large deployment in each turn",
      #"{"type": "Microsoft.Resources/deployments", "name": "n", \#(turns) "properties": {"expressionEvaluationOptions": {"scope": "inner"}, "template": {"resources": [\#(many("{}"))], "parameters": {\#(many("\"p\": {}"))}}}}"#
    ),
    Hostile(
      testDescription: "thousands of secrets, and hundreds of findings",
      text: DeploymentKit(
        parameters:
          "{\"p\": {\"type\": \"secureObject\", \"defaultValue\": {"
          + (0..<8000).map { "\"k\($0)\": \"secret\($0)\"" }.joined(separator: ",") + "}}}"
      ).text(
        "[\(DeploymentKit.image("one", (0..<600).map { "\"unknown\($0)\": 1," }.joined()))]")),
    Hostile(
      testDescription: "names that are not there, among thousands",
      text: DeploymentKit(
        parameters: "{"
          + (0..<5000).map { "\"p\($0)\": {\"type\": \"string\"}" }.joined(separator: ",") + "}"
      ).text(
        "["
          + DeploymentKit.image(
            "one",
            "\"tags\": {"
              + (0..<600).map { "\"t\($0)\": \"[parameters('q\($0)')]\"" }.joined(separator: ",")
              + "},") + "]")),
  ]

  /// An optimized build takes a second at most; others, on a busy machine, many times as long.
  #if DEBUG
    private static let patience = Duration.seconds(20)
  #else
    private static let patience = Duration.seconds(1)
  #endif

  @Test(arguments: hostile)
  func `a document that grows is read or refused in bounded time`(hostile: Hostile) {
    let start = ContinuousClock.now
    let reading = DeploymentKit().read(text: hostile.text)
    let taken = ContinuousClock.now - start
    #expect(taken < Self.patience)
    #expect(reading.templates.isEmpty == !reading.errors.isEmpty, "\(reading.errors)")
  }
}
