internal import Template

/// Makes deployment templates whose expressions are well formed, most of them, and mean to grow,
/// to nest, or to go on without end.
enum ExpressionMaker {
  /// A whole deployment.
  static func document(_ dice: inout Dice) -> [UInt8] {
    Array(deployment(&dice, nesting: 0).utf8)
  }

  private static func deployment(_ dice: inout Dice, nesting: Int) -> String {
    let isSymbolic = dice.once(in: 4)
    var resources: [String] = []
    for index in 0..<dice.roll(1..<4) {
      let resource =
        nesting < 3 && dice.once(in: 3)
        ? nested(&dice, nesting) : image(&dice, nested: dice.once(in: 8))
      resources.append(isSymbolic ? "\"r\(index)\": \(resource)" : resource)
    }
    let list = resources.joined(separator: ",\n")
    return """
      {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
      \(isSymbolic ? "\"languageVersion\": \"2.0\"," : "")
      "parameters": {"p": {"type": "\(dice.one(of: types))", "defaultValue": \(quoted(&dice))},
      "q": {"type": "object", "defaultValue": {"a": \(quoted(&dice)), "b": [1, 2, null]}},
      "none": {"type": "\(dice.one(of: types))"}},
      "variables": {\(variables(&dice))},
      "functions": [{"namespace": "contoso", "members": {
      "f": {"parameters": [{"name": "x", "type": "string"}], "output": {"value": \(quoted(&dice))}},
      "twice": {"parameters": [{"name": "x"}], "output":
      {"value": "[concat(parameters('x'), parameters('x'))]"}},
      "endless": {"parameters": [], "output": {"value": "[contoso.endless()]"}}}}],
      "resources": \(isSymbolic ? "{\(list)}" : "[\(list)]"),
      "outputs": {"o": {"type": "string", "value": \(quoted(&dice))},
      "c": {"type": "array", "copy": {"count": \(count(&dice)), "input": \(quoted(&dice))}}}}
      """
  }

  private static let types = ["string", "int", "bool", "object", "array", "secureString", "x"]

  /// Variables, among them a row in which each is twice as long as the one before.
  private static func variables(_ dice: inout Dice) -> String {
    var row = (1..<dice.roll(2..<40)).map { step in
      "\"d\(step)\": \"[concat(variables('d\(step - 1)'), variables('d\(step - 1)'))]\""
    }
    row.append("\"d0\": \"\(dice.one(of: ["x", "[createArray(1)]", "[padLeft('x', 900000)]"]))\"")
    row.append(
      "\"v\": \(quoted(&dice)), \"w\": {\"a\": \(quoted(&dice)), \"x\": [\(quoted(&dice))]}")
    row.append(
      "\"copy\": [{\"name\": \"loop\", \"count\": \(count(&dice)), \"input\": \(quoted(&dice))}]")
    return row.joined(separator: ",\n")
  }

  /// How often a loop goes round.
  private static func count(_ dice: inout Dice) -> String {
    dice.once(in: 2) ? dice.one(of: ["0", "1", "3", "800", "801", "-1", "\"2\""]) : quoted(&dice)
  }

  /// A resource that an image template or a deployment begins with.
  private static func head(_ dice: inout Dice) -> String {
    var fields = ""
    if dice.once(in: 3) { fields += "\"condition\": \(quoted(&dice)), " }
    if dice.once(in: 3) {
      fields += "\"copy\": {\"name\": \"c\", \"count\": \(count(&dice))}, "
    }
    if dice.once(in: 2) {
      let names = ["one", "two", "n", "c", "r0", "r1", "[resourceId('Microsoft.X/y', 'n')]"]
      fields += "\"dependsOn\": [\"\(dice.one(of: names))\", \(quoted(&dice))], "
    }
    let name = dice.once(in: 2) ? quoted(&dice) : "\"\(dice.one(of: ["one", "two", "n"]))\""
    return fields + "\"name\": \(name), "
  }

  private static func image(_ dice: inout Dice, nested: Bool) -> String {
    let child = nested ? "\"resources\": [\(image(&dice, nested: false))]," : ""
    let step = dice.one(of: ["Shell", "PowerShell", "File", "WindowsRestart", "WindowsUpdate"])
    return """
      {"type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2022-07-01",
      "location": \(quoted(&dice)), "identity": {"type": "None"}, \(head(&dice))\(child)
      "properties": {"source": {"type": "PlatformImage", "publisher": "p", "offer": "o",
      "sku": \(quoted(&dice)), "version": "latest"},
      "customize": [{"type": "Shell", "inline": [\(quoted(&dice))]},
      {"type": "\(step)", "inline": \(quoted(&dice)), "name": \(quoted(&dice))}],
      "copy": [{"name": "x", "count": \(count(&dice)), "input": \(quoted(&dice))}],
      "distribute": [{"type": "VHD", "runOutputName": "o"}]}}
      """
  }

  private static func nested(_ dice: inout Dice, _ nesting: Int) -> String {
    let scope = dice.one(of: ["inner", "outer"])
    return """
      {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", \(head(&dice))
      "properties": {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "\(scope)"},
      "parameters": {"p": {"value": \(quoted(&dice))}, "none": {"value": \(quoted(&dice))}},
      "template": \(deployment(&dice, nesting: nesting + 1))}}
      """
  }

  /// A string of JSON with an expression in it, or now and then with a text that is none.
  private static func quoted(_ dice: inout Dice) -> String {
    if dice.once(in: 8) { return "\"\(dice.one(of: ["", "a", "[[x]", "[", "<name>", "[]"]))\"" }
    let text = "[\(text(&dice))]"
    return "\""
      + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " ")
      + "\""
  }
}
