import Testing

@testable import Template

/// A deployment template around image templates.
struct DeploymentKit {
  var parameters = "{}"
  var variables = "{}"
  var before = ""
  var purpose = DeploymentInputs.Purpose.check
  var given: [String: String] = [:]
  var placeholders: [String: String] = [:]

  static let source =
    #"{"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s", "version": "latest"}"#

  /// An image template as a resource, with further fields and steps.
  static func image(
    _ name: String = "one", _ more: String = "", customize: String = "[]",
    output: String = "out"
  ) -> String {
    #"""
    {"type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2022-07-01",
    "name": "\#(name)", "location": "[resourceGroup().location]",\#(more)
    "identity": {"type": "None"},
    "properties": {"source": \#(source), "customize": \#(customize),
    "distribute": [{"type": "VHD", "runOutputName": "\#(output)"}]}}
    """#
  }

  func text(_ resources: String) -> String {
    #"""
    {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "parameters": \#(parameters),
    "variables": \#(variables),\#(before)
    "resources": \#(resources)}
    """#
  }

  func read(_ resources: String...) -> DocumentReading {
    read(text: text("[\(resources.joined(separator: ","))]"))
  }

  func read(text: String) -> DocumentReading {
    var inputs = DeploymentInputs(site: ExpressionKit.site, purpose: purpose)
    for (name, value) in given { inputs.set(parameter: name, to: value) }
    for (name, value) in placeholders { inputs.set(placeholder: name, to: value) }
    return TemplateDocument.readAll(Array(text.utf8), named: "t.json", with: inputs)
  }
}

extension DocumentReading {
  /// The messages of the errors.
  var errors: [String] { diagnostics.filter { $0.severity == .error }.map(\.message) }

  var warnings: [String] { diagnostics.filter { $0.severity == .warning }.map(\.message) }

  var names: [String] { templates.map(\.name) }

  /// The commands of the first template's first step.
  var commands: [String] {
    guard let step = templates.first?.template.customizers.first,
      case .shell(.inline(let lines)) = step.action
    else { return [] }
    return lines
  }
}

@Suite struct DeploymentTests {
  @Test func `an image template of a deployment is read with its expressions evaluated`() {
    let reading = DeploymentKit(
      parameters: #"{"greeting": {"type": "string", "defaultValue": "hello"}}"#,
      variables: #"{"line": "[concat('echo ', parameters('greeting'))]"}"#
    ).read(
      DeploymentKit.image(
        customize:
          #"[{"type": "Shell", "inline": ["[variables('line')]", "[[ -f /x ]", "[ -f /y ] && z"]}]"#
      ))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.commands == ["echo hello", "[ -f /x ]", "[ -f /y ] && z"])
    #expect(reading.templates.first?.template.location == "southcentralus")
  }

  @Test func `a given parameter wins over its default`() {
    let kit = DeploymentKit(
      parameters: #"{"line": {"type": "string", "defaultValue": "a"}}"#, given: ["LINE": "b"])
    let reading = kit.read(
      DeploymentKit.image(customize: #"[{"type": "Shell", "inline": ["[parameters('line')]"]}]"#))
    #expect(reading.commands == ["b"])
  }

  @Test(arguments: [
    (#""type": "int""#, "x", "must be a whole number, not the string `x`"),
    (#""type": "bool""#, "x", "must be true or false"), (#""type": "array""#, "{", "is no JSON"),
    (#""type": "object""#, "[]", "must be an object, not an array"),
    (#""type": "string", "allowedValues": ["abc", "def"]"#, "abd", "cannot be the string `abd`"),
    (#""type": "int", "minValue": 5"#, "4", "has the minValue 5, and the number `4` is less"),
    (#""type": "int", "maxValue": 5"#, "6", "has the maxValue 5"),
    (#""type": "string", "minLength": 3"#, "ab", "has the minLength 3, and 2 characters is less"),
    (#""type": "string", "maxLength": 3"#, "abcd", "has the maxLength 3"),
    (#""type": "array", "maxLength": 1"#, "[1, 2]", "has the maxLength 1, and 2 elements is more"),
    (##""$ref": "#/definitions/level""##, "x", "must be a whole number"),
  ])
  func `a value that a parameter cannot have is an error`(
    declaration: String, value: String, message: String
  ) {
    let kit = DeploymentKit(
      parameters: #"{"p": {\#(declaration)}}"#,
      before: #""definitions": {"level": {"type": "int"}},"#, given: ["p": value])
    let reading = kit.read(DeploymentKit.image("[string(parameters('p'))]"))
    #expect(reading.errors.count == 1)
    #expect(reading.errors.first?.contains(message) == true, "\(reading.errors)")
  }

  @Test func `a value that a parameter cannot have is an error, though nothing asks for it`() {
    let kit = DeploymentKit(parameters: #"{"n": {"type": "int"}}"#, given: ["n": "x"])
    let reading = kit.read(DeploymentKit.image())
    #expect(
      reading.errors == [
        "cannot use the value that was given: the parameter `n` must be a whole number, not the "
          + "string `x`"
      ])
  }

  @Test(arguments: ["m", "nosuch"])
  func `a short name is no suggestion for another`(name: String) {
    let kit = DeploymentKit(
      parameters: #"{"n": {"type": "int", "defaultValue": 1}}"#, given: [name: "1"])
    #expect(kit.read(DeploymentKit.image()).diagnostics.map(\.hint) == [nil])
  }

  @Test func `a parameter that is not declared is an error with a suggestion`() {
    let kit = DeploymentKit(
      parameters: #"{"region": {"type": "string", "defaultValue": "a"}}"#, given: ["regoin": "b"])
    let reading = kit.read(DeploymentKit.image())
    #expect(reading.errors == ["the template has no parameter `regoin`"])
    #expect(reading.diagnostics.first?.hint == "did you mean `region`?")
  }

  @Test func `a parameter that no local run depends on needs no value`() {
    let kit = DeploymentKit(
      parameters: #"""
        {"api-version": {"type": "string"}, "imageTemplateName": {"type": "string"},
        "svclocation": {"type": "string"}, "subscriptionId": {"type": "string"}}
        """#, purpose: .build)
    let text = DeploymentKit.image("[parameters('imageTemplateName')]")
      .replacing(#""2022-07-01""#, with: #""[parameters('api-version')]""#)
      .replacing("[resourceGroup().location]", with: "[parameters('svclocation')]")
    let reading = kit.read(text)
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.names == ["deployment"])
  }

  @Test func `what a build depends on is asked for all at once, what a check finds open is told`() {
    var kit = DeploymentKit(
      parameters:
        #"{"sku": {"type": "string"}, "line": {"type": "string"}, "tag": {"type": "string"}}"#,
      purpose: .build)
    let text = DeploymentKit.image(
      "one", #""tags": {"a": "[parameters('tag')]"},"#,
      customize: #"[{"type": "Shell", "inline": ["[parameters('line')]"]}]"#
    ).replacing(#""sku": "s""#, with: #""sku": "[parameters('sku')]""#)
    #expect(
      kit.read(text).errors == [
        "the build depends on the parameter `sku`, which has no value",
        "the build depends on the parameter `line`, which has no value",
      ])
    kit.purpose = .check
    let check = kit.read(text)
    #expect(check.errors == ["the parameter `line` has no value"])
    #expect(check.warnings.count == 2)
  }

  @Test func `a loop makes a template each turn`() {
    let reading = DeploymentKit().read(
      DeploymentKit.image(
        "[concat('t', copyIndex(1))]", #""copy": {"name": "loop", "count": 3},"#,
        customize:
          #"[{"type": "Shell", "inline": ["echo [copyIndex()]", "[concat('echo ', copyIndex('loop'))]"]}]"#
      ))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.names == ["t1", "t2", "t3"])
    #expect(reading.commands == ["echo [copyIndex()]", "echo 0"])
  }

  @Test func `a loop in a property makes an element each turn`() {
    let steps = #"""
      {"copy": [{"name": "customize", "count": "[length(parameters('lines'))]",
      "input": {"type": "Shell", "inline": ["[parameters('lines')[copyIndex('customize')]]"]}}],
      "source":
      """#
    let text = DeploymentKit.image()
      .replacing(#""customize": [],"#, with: "").replacing(#"{"source":"#, with: steps)
    let reading = DeploymentKit(
      parameters: #"{"lines": {"type": "array", "defaultValue": ["a", "b"]}}"#
    ).read(text)
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.templates.first?.template.customizers.count == 2)
  }

  @Test func `a resource whose condition is false is not there`() {
    let text = DeploymentKit.image("two", #""condition": "[equals(1, 2)]","#)
    #expect(DeploymentKit().read(DeploymentKit.image(), text).names == ["one"])
    #expect(DeploymentKit().read(text).errors.first?.contains("the condition of each") == true)
  }

  @Test func `symbolic names, existing resources and other resources are understood`() {
    let reading = DeploymentKit(before: #""languageVersion": "2.0","#).read(
      text: DeploymentKit(before: #""languageVersion": "2.0","#).text(
        #"""
        {"gallery": {"existing": true, "type": "Microsoft.Compute/galleries", "name": "g"},
        "image": \#(DeploymentKit.image("one", #""dependsOn": ["gallery"],"#)),
        "role": {"type": "Microsoft.Authorization/roleAssignments", "name": "[guid(reference('image').x)]"}}
        """#))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.names == ["one"])
  }

  @Test func `an error in an expression names the place in the file and in the expression`() {
    let reading = DeploymentKit(variables: #"{"v": "[substring('abc', 0, 9)]"}"#).read(
      DeploymentKit.image(
        customize: "[{\"type\": \"Shell\", \"inline\": [\"[variables('v')]\", \"[cocat('a')]\"]}]"))
    #expect(reading.templates.isEmpty)
    #expect(reading.errors.count == 2)
    let first = reading.diagnostics[0].rendered(in: "t.json")
    #expect(first.hasPrefix("t.json:3:20: error: cannot evaluate the expression: `substring`:"))
    #expect(first.contains("(character 2 of the expression)"))
    let second = reading.diagnostics[1]
    #expect(second.path == "resources[0].properties.customize[0].inline[1]")
    #expect(second.hint == "did you mean `concat`?")
  }

  @Test func `what only Azure can tell is an error where a step needs it, and open elsewhere`() {
    let reading = DeploymentKit().read(
      DeploymentKit.image(
        "one", #""tags": {"a": "[reference('x').y]"},"#,
        customize: #"[{"type": "Shell", "inline": ["[listKeys('x', 'v').keys[0].value]"]}]"#))
    #expect(reading.errors == ["only Azure can tell the value: it comes from `listKeys(…)`"])
    #expect(reading.warnings.count == 1)
  }

  @Test func `a secret is kept from all messages`() {
    let kit = DeploymentKit(
      parameters:
        #"{"pw": {"type": "secureString"}, "n": {"type": "securestring", "defaultValue": "hidden"}}"#,
      given: ["pw": "s3cr3t-value"])
    let reading = kit.read(
      DeploymentKit.image(
        "[concat(parameters('pw'), '/')]",
        customize: #"[{"type": "Shell", "inline": ["[string(int(parameters('pw')))]"]}]"#))
    #expect(reading.secrets == ["s3cr3t-value", "hidden"])
    #expect(!reading.errors.isEmpty)
    for diagnostic in reading.diagnostics {
      #expect(!diagnostic.rendered(in: "t").contains("s3cr3t"), "\(diagnostic)")
    }
  }
}
