import Foundation
import Testing

@testable import Template

@Suite struct DocumentTests {
  @Test func `a whole template is read without a word`() throws {
    let reading = SampleTemplate(customize: #"[{"type": "Shell", "inline": ["true"]}]"#).reading
    #expect(reading.diagnostics.isEmpty)
    let template = try #require(reading.template)
    #expect(template.apiVersion == .v2022_07_01)
    #expect(template.location == "westeurope")
    #expect(template.customizers.map(\.action) == [.shell(.inline(["true"]))])
    #expect(template.distributors.map(\.runOutputName.text) == ["out"])
  }

  @Test func `what the document leaves out has the service's defaults`() throws {
    let template = try #require(SampleTemplate().reading.template)
    #expect(template.buildTimeout.duration == .seconds(240 * 60))
    #expect(template.vmProfile == VMProfile.standard)
    #expect(template.vmProfile.vmSize == "Standard_D1_v2")
    #expect(template.errorHandling.onCustomizerError == .cleanup)
    #expect(template.errorHandling.onValidationError == .cleanup)
    #expect(template.validation == Validation.none)
    #expect(template.optimization.vmBoot == .disabled)
    #expect(template.autoRun == .disabled)
    #expect(template.stagingResourceGroup == nil)
    #expect(template.additionalDataDisks.isEmpty && template.managedResourceTags.isEmpty)
  }

  @Test func `all that is wrong is said at once, in the order of the text`() {
    let reading = SampleTemplate(
      source: #"{"type": "ManagedImage"}"#, customize: #"[{"type": "Shel"}, {"type": "File"}]"#,
      distribute: #"[{"type": "VHD"}]"#
    ).reading
    #expect(reading.template == nil)
    #expect(
      reading.errors == [
        "properties.source: a ManagedImage source needs the field `imageId`",
        "properties.customize[0].type: `Shel` is not known here",
        "properties.customize[1]: a File step needs the field `sourceUri`",
        "properties.customize[1]: a File step needs the field `destination`",
        "properties.distribute[0]: a VHD target needs the field `runOutputName`",
      ])
    #expect(reading.diagnostics.map(\.position.line) == [5, 6, 6, 6, 7])
  }

  @Test func `a diagnostic prints with its place, its field and a hint`() {
    let reading = SampleTemplate(customize: #"[{"type": "Shel"}]"#).reading
    #expect(
      reading.renderedDiagnostics
        == "t.json:6:24: error: properties.customize[0].type: `Shel` is not known here "
        + "[KILN-T016]\n"
        + "  hint: did you mean `Shell`? it is one of `Shell`, `PowerShell`, `File`, "
        + "`WindowsRestart`, `WindowsUpdate`")
  }

  @Test func `a diagnostic survives JSON`() throws {
    let diagnostics = SampleTemplate(customize: #"[{"type": "Shel"}]"#).reading.diagnostics
    let data = try JSONEncoder().encode(diagnostics)
    #expect(try JSONDecoder().decode([Diagnostic].self, from: data) == diagnostics)
  }

  @Test func `a deployment template without an image template is one error, at its resources`() {
    let reading = read(
      "{\"$schema\": \"https://x/2019-04-01/deploymentTemplate.json#\",\n\"resources\": []}")
    #expect(
      reading.errors == [
        "resources: the deployment has no resource `Microsoft.VirtualMachineImages/imageTemplates`"
      ])
    #expect(reading.diagnostics[0].position == SourcePosition(line: 2, column: 1))
  }

  @Test func `what is sent to the API is no deployment template`() {
    let text = #"{"$schema": "https://x/deploymentTemplate.json#", "resources": []}"#
    let reading = TemplateDocument.read(Array(text.utf8), named: "t", sentTo: .newest)
    #expect(reading.errors.first?.contains("a bare image template is needed here") == true)
  }

  @Test(arguments: [
    (#"{"$schema": "https://x/deploymentTemplate.json#"}"#, "the deployment has no resource"),
    (#"{"$schema": "https://x/deploymentParameters.json#"}"#, "a file of parameters"),
    (#"{"location": "x"}"#, "it has no field `properties`"),
    ("[]", "it is an array, not an object"),
  ])
  func `any other document is one error that says what it is`(text: String, what: String) {
    let reading = read(text)
    #expect(reading.diagnostics.count == 1)
    #expect(reading.errors.first?.contains(what) == true)
  }

  @Test func `a document that has properties as something else is an error`() {
    #expect(
      read(#"{"location": "x", "properties": 5}"#).errors == [
        "properties: `properties` must be an object, not the number `5`"
      ])
  }

  @Test func `a missing location is an error`() {
    let reading = read(#"{"apiVersion": "2022-07-01", "properties": {}}"#)
    #expect(reading.errors.first == ": an image template needs the field `location`")
  }

  @Test(arguments: [
    "Microsoft.VirtualMachineImages", "microsoft.virtualmachineimages/imagetemplates",
  ])
  func `a type that is half written is a warning`(type: String) {
    let reading = SampleTemplate(top: #""type": "\#(type)","#).reading
    #expect(
      reading.warnings == [
        "type: `\(type)` must be written `Microsoft.VirtualMachineImages/imageTemplates`"
      ])
    #expect(reading.template != nil)
  }

  @Test func `another type is an error`() {
    let reading = SampleTemplate(top: #""type": "Microsoft.Compute/images","#).reading
    #expect(reading.errors == ["type: `Microsoft.Compute/images` is no image template"])
  }

  @Test func `a name that the service refuses is an error`() {
    #expect(SampleTemplate(top: #""name": "a b","#).reading.errors.count == 1)
    #expect(SampleTemplate(top: #""name": "a-b","#).reading.template?.name == "a-b")
  }

  @Test func `tags are texts, and other plain values with a warning`() {
    let reading = SampleTemplate(top: #""tags": {"a": "1", "b": 2, "c": true},"#).reading
    #expect(reading.template?.tags == ["a": "1", "b": "2", "c": "true"])
    #expect(reading.warnings.count == 2)
    #expect(SampleTemplate(top: #""tags": {"a": []},"#).reading.errors.count == 1)
  }

  @Test func `read-only fields are warned about and ignored`() {
    let reading = readProperties(#""provisioningState": "Succeeded", "lastRunStatus": {}"#)
    #expect(
      reading.warnings == [
        "properties.provisioningState: the field `provisioningState` is read-only: it is ignored",
        "properties.lastRunStatus: the field `lastRunStatus` is read-only: it is ignored",
      ])
  }

  @Test func `null is the same as absent`() {
    #expect(readProperties(#""vmProfile": null, "validate": null"#).diagnostics.isEmpty)
    #expect(
      SampleTemplate(distribute: "null").reading.errors == [
        "properties: `properties` needs the field `distribute`"
      ])
  }
}
