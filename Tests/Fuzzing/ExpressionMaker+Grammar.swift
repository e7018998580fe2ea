internal import Template

extension ExpressionMaker {
  /// An expression, now and then with something put in or taken out.
  static func text(_ dice: inout Dice) -> String {
    var text = Array(expression(&dice, depth: 0))
    while dice.once(in: 8) {
      let place = dice.roll(0..<text.count + 1)
      if dice.once(in: 2), place < text.count {
        text.remove(at: place)
      } else {
        text.insert(contentsOf: dice.one(of: noise), at: place)
      }
    }
    return String(text)
  }

  private static func expression(_ dice: inout Dice, depth: Int) -> String {
    guard depth < 6, !dice.once(in: 3) else { return dice.one(of: atoms) }
    let inner = { (dice: inout Dice) in expression(&dice, depth: depth + 1) }
    switch dice.roll(0..<14) {
    case 0: return inner(&dice) + "." + dice.one(of: ["a", "x", "length"])
    case 1: return inner(&dice) + "[" + inner(&dice) + "]"
    case 2, 3: return loop(&dice, inner)
    case 4:
      // The same again in itself: what it makes grows with each level.
      let function = dice.one(of: ["concat", "createArray", "union", "format", "contoso.twice"])
      let first = function == "format" ? "'{0}{0}{0}', " : ""
      return "\(function)(\(first)\(inner(&dice)))"
    default:
      let arguments = (0..<dice.roll(0..<4)).map { _ in inner(&dice) }
      return "\(dice.one(of: names))(\(arguments.joined(separator: ", ")))"
    }
  }

  /// A function that goes through an array, with a lambda.
  private static func loop(_ dice: inout Dice, _ inner: (inout Dice) -> String) -> String {
    let array = dice.once(in: 2) ? dice.one(of: arrays) : inner(&dice)
    switch dice.roll(0..<8) {
    case 0:
      let growth = dice.one(of: [
        "concat(lambdaVariables('x'), lambdaVariables('x'))",
        "createArray(lambdaVariables('x'), lambdaVariables('x'))",
        "createObject('a', lambdaVariables('x'))",
        "union(lambdaVariables('x'), lambdaVariables('y'))",
        "replace(lambdaVariables('x'), 'x', 'xx')", "string(lambdaVariables('x'))",
      ])
      return "reduce(\(array), \(inner(&dice)), lambda('x', 'y', \(growth)))"
    case 1: return "reduce(\(array), \(inner(&dice)), lambda('x', 'y', \(inner(&dice))))"
    case 2: return "sort(\(array), lambda('x', 'y', \(inner(&dice))))"
    case 3:
      return "sort(\(array), lambda('x', 'y', less(lambdaVariables('x'), lambdaVariables('y'))))"
    case 4: return "toObject(\(array), lambda('x', \(inner(&dice))), lambda('x', \(inner(&dice))))"
    default:
      let function = dice.one(of: ["map", "filter", "groupBy", "mapValues", "toObject"])
      return "\(function)(\(array), lambda('x', \(inner(&dice))))"
    }
  }

  /// Whole deployments to begin with.
  static let seeds = [
    #"{"parameters": {"p": {"type": "string", "defaultValue": "[newGuid()]"}}, "variables": "#
      + #"{"a": "[map(range(0, 9), lambda('x', lambdaVariables('x')))]"}, "resources": [{"type": "#
      + #""Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2022-07-01", "name": "#
      + #""[parameters('p')]", "location": "[resourceGroup().location]", "identity": {"type": "#
      + #""None"}, "copy": {"name": "c", "count": 2}, "properties": {"source": {"type": "#
      + #""PlatformImage", "publisher": "p", "offer": "o", "sku": "s", "version": "latest"}, "#
      + #""customize": [{"type": "Shell", "inline": ["[string(variables('a'))]"]}], "#
      + #""distribute": [{"type": "VHD", "runOutputName": "[format('o{0}', copyIndex())]"}]}}]}"#
  ]

  static let pieces = [
    "[concat('a', ", "variables('v')", "parameters('p')", "\"[variables('d30')]\"", ")]", "'",
    "copyIndex('c')", "range(0, 10000)", "lambda('x', ", "\"copy\":", "\"condition\":",
    "\"dependsOn\": [\"one\"],", "\"resources\": [", "\"defaultValue\":",
  ]

  private static let names =
    ExpressionLanguage.functionNames
    + ["reference", "listKeys", "contoso.f", "contoso.twice", "contoso.endless", "nosuch"]

  private static let arrays = [
    "range(0, 100)", "range(0, 10000)", "createArray(3, 1, 2)", "createArray('b', 'a')",
    "variables('loop')", "split(padLeft('', 100000, ','), ',')", "items(parameters('q'))",
  ]

  private static let atoms =
    arrays + [
      "0", "1", "-1", "3", "800", "10000", "9223372036854775807", "-9223372036854775808", "''",
      "'a'", "'A'", "'{0}'", "'{0:N2}'", "'{\"a\": [1]}'", "'P1D'", "'2020-01-01'", "'10.0.0.0/8'",
      "'2001:db8::/32'", "'Microsoft.X/y'", "'é\u{1F600}'", "'{0,99999}'", "'{0:D999999}'",
      "'http://a:1/b?c#d'", "'%e9%'", "'yyyy'", "'YWJj'", "true()", "false()", "null()",
      "createArray()", "createObject('a', 1)", "variables('v')", "variables('w')",
      "variables('d9')", "variables('d19')", "variables('d39')", "parameters('p')",
      "parameters('q')", "parameters('none')", "copyIndex()", "copyIndex('c')",
      "lambdaVariables('x')", "lambdaVariables('y')", "resourceGroup()", "deployment()",
      "reference('n')", "reference('one').outputs.o.value", "padLeft('a', 2000000)",
      "padLeft('', 1000000, 'ab')",
    ]

  private static let noise = [
    "(", ")", "[", "]", "'", ",", ".", "''", "\"", "\\", " ", "x", "9", "?", "[?", ".?",
  ]
}
