import Testing

@testable import Template

/// Deployments in deployments, and what waits for what.
@Suite struct NestingTests {
  private func nested(
    _ name: String, _ scope: String, parameters: String = "{}", _ template: String,
    _ more: String = ""
  ) -> String {
    #"""
    {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "\#(name)",\#(more)
    "properties": {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "\#(scope)"},
    "parameters": \#(parameters), "template": \#(template)}}
    """#
  }

  @Test func `an inner deployment sees its own parameters, an outer one those around`() {
    let kit = DeploymentKit(
      parameters: #"{"name": {"type": "string", "defaultValue": "around"}}"#)
    let template = #"""
      {"parameters": {"name": {"type": "string"}},
      "resources": [\#(DeploymentKit.image("[parameters('name')]"))]}
      """#
    let inner = nested(
      "n", "inner", parameters: #"{"name": {"value": "[concat(parameters('name'), '-inner')]"}}"#,
      template)
    let reading = kit.read(inner, nested("m", "outer", template))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.names == ["around-inner", "around"])
  }

  @Test func `an inner deployment that gets no value for a parameter is an error`() {
    let template =
      #"{"parameters": {"x": {"type": "string"}}, "resources": [\#(DeploymentKit.image("[parameters('x')]"))]}"#
    let reading = DeploymentKit().read(nested("n", "inner", template))
    #expect(reading.errors.first?.contains("gives its parameter `x` no value") == true)
  }

  @Test func `the outputs of a deployment can be referred to`() {
    let outputs =
      #"{"resources": [], "outputs": {"line": {"type": "string", "value": "[concat('echo ', 'x')]"}, "open": {"type": "string", "value": "[reference('z').y]"}}}"#
    let steps =
      #"[{"type": "Shell", "inline": ["[reference('lines').outputs.line.value]", "[reference(resourceId('Microsoft.Resources/deployments', 'lines')).outputs.line.value]"]}]"#
    let reading = DeploymentKit().read(
      nested("lines", "inner", outputs), DeploymentKit.image(customize: steps))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.commands == ["echo x", "echo x"])
  }

  @Test func `templates wait for what they depend on, also through other resources`() {
    let id = "[resourceId('Microsoft.VirtualMachineImages/imageTemplates', 'a')]"
    let other =
      #"{"type": "X/y", "name": "between", "dependsOn": ["[resourceId('Microsoft.VirtualMachineImages/imageTemplates', 'b')]"]}"#
    let reading = DeploymentKit().read(
      DeploymentKit.image("c", #""dependsOn": ["between"],"#), other,
      DeploymentKit.image("b", #""dependsOn": ["\#(id)"],"#), DeploymentKit.image("a"),
      DeploymentKit.image("d"))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.waves.map { $0.map { reading.names[$0] } } == [["a", "d"], ["b"], ["c"]])
  }

  @Test(arguments: [
    "[reference('first').properties]",
    "[reference(resourceId('Microsoft.VirtualMachineImages/imageTemplates', 'first'), '2022-07-01')]",
    "[string(listRunOutputs(resourceId('Microsoft.VirtualMachineImages/imageTemplates', 'first'), '2022-07-01'))]",
  ])
  func `a template waits for those that its expressions ask for`(expression: String) {
    let reading = DeploymentKit().read(
      DeploymentKit.image("second", #""tags": {"a": "\#(expression)"},"#),
      DeploymentKit.image("first"))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.waves.map { $0.map { reading.names[$0] } } == [["first"], ["second"]])
  }

  @Test func `a template waits for what a resource asks for that it depends on`() {
    let role =
      #"{"type": "Microsoft.Authorization/roleAssignments", "name": "role", "properties": {"principalId": "[reference('first').principalId]"}}"#
    let reading = DeploymentKit().read(
      DeploymentKit.image("second", #""dependsOn": ["role"],"#), role,
      DeploymentKit.image("first"))
    #expect(reading.waves.map { $0.map { reading.names[$0] } } == [["first"], ["second"]])
  }

  @Test(arguments: [
    "[resourceId('Microsoft.Compute/galleries/images', 'g', 'i')]", "g/i",
    "Microsoft.Compute/galleries/images/g/i",
  ])
  func `a resource within another has its type and name before its own`(dependency: String) {
    let gallery = #"""
      {"type": "Microsoft.Compute/galleries", "name": "g", "resources": [
      {"type": "images", "name": "i", "dependsOn": ["g", "first"]}]}
      """#
    let reading = DeploymentKit().read(
      DeploymentKit.image("second", #""dependsOn": ["\#(dependency)"],"#), gallery,
      DeploymentKit.image("first"))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.waves.map { $0.map { reading.names[$0] } } == [["first"], ["second"]])
  }

  @Test func `an existing resource may stand between two templates`() {
    let kit = DeploymentKit(before: #""languageVersion": "2.0","#)
    let reading = kit.read(
      text: kit.text(
        #"""
        {"second": \#(DeploymentKit.image("b", #""dependsOn": ["between"],"#)),
        "between": {"existing": true, "type": "X/y", "name": "x", "dependsOn": ["first"]},
        "first": \#(DeploymentKit.image("a"))}
        """#))
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.waves.map { $0.map { reading.names[$0] } } == [["a"], ["b"]])
  }

  @Test(arguments: [
    #""dependsOn": ["a"],"#, #""tags": {"x": "[reference('a').y]"},"#,
  ])
  func `a template that waits for itself is an error`(field: String) {
    let reading = DeploymentKit().read(DeploymentKit.image("a", field), DeploymentKit.image("b"))
    #expect(
      reading.errors == [
        "the image template `a` depends on itself, through `dependsOn` or `reference`"
      ])
  }

  @Test func `a template named as what it depends on does not wait for itself`() {
    let other = #"{"type": "Microsoft.Compute/galleries", "name": "a"}"#
    let reading = DeploymentKit().read(
      DeploymentKit.image("a", #""dependsOn": ["a"],"#), other)
    #expect(reading.errors.isEmpty, "\(reading.errors)")
  }

  @Test func `a template waits for those in a deployment that it depends on`() {
    let template = #"{"resources": [\#(DeploymentKit.image("first"))]}"#
    let reading = DeploymentKit().read(
      DeploymentKit.image("second", #""dependsOn": ["n"],"#), nested("n", "inner", template))
    #expect(reading.waves.map { $0.map { reading.names[$0] } } == [["first"], ["second"]])
  }

  @Test func `templates that wait for each other are an error`() {
    let reading = DeploymentKit().read(
      DeploymentKit.image("a", #""dependsOn": ["b"],"#),
      DeploymentKit.image("b", #""dependsOn": ["a"],"#))
    #expect(reading.errors.first?.contains("`a`, `b` wait for each other") == true)
  }

  @Test func `nothing of an evaluation stays in memory after it`() throws {
    let template = #"{"resources": [\#(DeploymentKit.image("deep"))]}"#
    let text = DeploymentKit().text(
      "[\(nested("m", "outer", template)), \(nested("n", "inner", template))]")
    let root = try #require(JSONReader.read(Array(text.utf8)).0)
    let inputs = DeploymentInputs(site: DeploymentSite(secondsSince1970: 0), purpose: .check)
    weak var left: EvaluationSession?
    do {
      let session = EvaluationSession()
      left = session
      #expect(TemplateDocument.deployment(root, "t.json", inputs, session).count == 2)
    }
    #expect(left == nil)
  }

  @Test func `a deployment nested too deep is not followed`() {
    var template = #"{"resources": [\#(DeploymentKit.image("deep"))]}"#
    for level in 0..<20 {
      template = #"{"resources": [\#(nested("n\(level)", "inner", template))]}"#
    }
    #expect(DeploymentKit().read(text: template).templates.isEmpty)
  }

  @Test func `a deployment in another file is told of`() {
    let linked =
      #"{"type": "Microsoft.Resources/deployments", "name": "n", "properties": {"templateLink": {"uri": "https://x"}}}"#
    let reading = DeploymentKit().read(linked, DeploymentKit.image())
    #expect(
      reading.warnings == ["the template of this deployment is another file, which is not read"])
  }
}

/// What users give beside the document.
@Suite struct DeploymentInputTests {
  private func inputs(_ parameters: String) -> (DeploymentInputs, [Diagnostic]) {
    var inputs = DeploymentInputs(site: ExpressionKit.site, purpose: .build)
    let found = inputs.addParameters(Array(parameters.utf8), named: "p.json")
    return (inputs, found)
  }

  @Test func `a file of parameters gives values of any type`() throws {
    let (inputs, found) = inputs(
      #"""
      {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
      "contentVersion": "1.0.0.0", // a comment, as Azure allows
      "parameters": {"steps": {"value": [{"type": "Shell", "inline": ["true"]}]}}}
      """#)
    #expect(found.isEmpty)
    let kit = DeploymentKit(parameters: #"{"steps": {"type": "array"}}"#)
    let text = kit.text("[\(DeploymentKit.image(customize: #""[parameters('steps')]""#))]")
    let reading = TemplateDocument.readAll(Array(text.utf8), named: "t", with: inputs)
    #expect(reading.errors.isEmpty, "\(reading.errors)")
    #expect(reading.commands == ["true"])
  }

  @Test func `a secret of a key vault is an error where it is used`() {
    let (inputs, found) = inputs(
      #"{"parameters": {"pw": {"reference": {"keyVault": {"id": "/x"}, "secretName": "s"}}}}"#)
    #expect(found.isEmpty)
    let kit = DeploymentKit(parameters: #"{"pw": {"type": "securestring"}}"#)
    func read(_ line: String) -> DocumentReading {
      let text = kit.text(
        "[\(DeploymentKit.image(customize: #"[{"type": "Shell", "inline": ["\#(line)"]}]"#))]")
      return TemplateDocument.readAll(Array(text.utf8), named: "t", with: inputs)
    }
    #expect(read("true").errors.isEmpty)
    let reading = read("[parameters('pw')]")
    #expect(reading.errors.first?.contains("is a secret of a key vault") == true)
    #expect(reading.diagnostics.first?.hint == "give it with `-p pw=value`")
  }

  @Test(arguments: [
    ("[]", "there is no object `parameters`"),
    (#"{"parameters": {"a": 1}}"#, "has neither `value` nor"),
    ("{", "expected"),
  ])
  func `a file that gives no parameters is an error`(text: String, message: String) {
    let (_, found) = inputs(text)
    #expect(found.first?.message.contains(message) == true)
  }

  private static let body = #"""
    {"apiVersion": "2022-07-01", "location": "<region>", "identity": {"type": "UserAssigned",
    "userAssignedIdentities": {"<imgBuilderId>": {}}}, "properties": {
    "source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "<sku>", "version": "1"},
    "customize": [{"type": "Shell", "inline": ["echo <region> <sku> <x>"]},
      {"type": "Shell", "scriptUri": "<script>"}],
    "distribute": [{"type": "VHD", "runOutputName": "<sku>-out"}]}}
    """#

  @Test func `placeholders are filled in, in keys and values`() {
    let kit = DeploymentKit(
      placeholders: ["sku": "22.04", "script": "a.sh", "imgBuilderId": "/a/b", "region": "here"])
    let reading = kit.read(text: Self.body)
    #expect(reading.diagnostics.isEmpty, "\(reading.errors) \(reading.warnings)")
    let template = reading.templates.first?.template
    #expect(reading.commands == ["echo here 22.04 <x>"])
    #expect(template?.identities == ["/a/b"])
    #expect(template?.distributors.map(\.runOutputName.text) == ["22.04-out"])
  }

  @Test func `for a build, what no local run depends on has values of its own`() {
    let kit = DeploymentKit(purpose: .build, placeholders: ["script": "a.sh", "sku": "s"])
    let reading = kit.read(text: Self.body)
    #expect(reading.diagnostics.isEmpty, "\(reading.errors) \(reading.warnings)")
    #expect(reading.templates.first?.template.location == "southcentralus")
    // A script's own brackets are its own.
    #expect(reading.commands == ["echo <region> s <x>"])
  }

  @Test func `for a build, names of results have values of their own`() {
    let target = #"{"type": "VHD", "runOutputName": "<runOutputName>"}"#
    let more = target.replacing("Name>", with: "Name2>")
    let text = Self.body.replacing(
      #"{"type": "VHD", "runOutputName": "<sku>-out"}"#, with: "\(target), \(more)")
    let kit = DeploymentKit(purpose: .build, placeholders: ["script": "a.sh", "sku": "s"])
    let outputs = kit.read(text: text).templates.first?.template.distributors
    #expect(outputs?.map(\.runOutputName.text) == ["output", "output2"])
  }

  @Test func `brackets that open without end are looked at once`() {
    let brackets = String(repeating: "<", count: 200_000)
    let text = Self.body.replacing("echo <region>", with: "echo \(brackets)<sku>")
    let kit = DeploymentKit(placeholders: ["script": "a.sh", "sku": "s"])
    let start = ContinuousClock.now
    #expect(kit.read(text: text).errors.isEmpty)
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test func `what remains is told at once with its place, and what stands nowhere as well`() {
    let reading = DeploymentKit(placeholders: ["skuu": "x"]).read(text: Self.body)
    #expect(
      reading.errors == [
        "there is no placeholder `<skuu>` to set",
        "cannot use `<script>`: the placeholder `<script>` is not filled in",
      ])
    #expect(reading.warnings.count == 3)
    #expect(reading.diagnostics.first?.hint == "did you mean `sku`?")
  }

  @Test func `a file of values fills in placeholders`() {
    var inputs = DeploymentInputs(site: ExpressionKit.site, purpose: .check)
    #expect(inputs.addPlaceholders(Array(#"{"sku": 22, "a": true, "b": "x"}"#.utf8)).isEmpty)
    #expect(inputs.placeholders == ["sku": "22", "a": "true", "b": "x"])
    #expect(inputs.addPlaceholders(Array(#"{"sku": []}"#.utf8)).count == 1)
    #expect(inputs.addPlaceholders(Array("[]".utf8)).count == 1)
  }
}
