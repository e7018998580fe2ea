import Testing

@testable import Template

@Suite struct OpenValueTests {
  @Test func `placeholders in ids, regions and names are one warning each`() {
    let reading = SampleTemplate(
      identity: #""identity": {"userAssignedIdentities": {"<imgBuilderId>": {}}},"#,
      source:
        #"{"type": "ManagedImage", "imageId": "/subscriptions/<sub>/resourceGroups/<rg>/providers/Microsoft.Compute/images/i"}"#,
      distribute:
        #"[{"type": "VHD", "runOutputName": "<out>"}, {"type": "ManagedImage", "imageId": "<id>", "location": "<rg>", "runOutputName": "<out>2"}]"#
    ).reading
    #expect(reading.errors.isEmpty)
    #expect(
      reading.warnings.map { $0.split(separator: "`")[1] } == [
        "<imgBuilderId>", "<sub>", "<rg>", "<out>", "<id>",
      ])
    #expect(reading.template?.distributors.map(\.runOutputName.text) == ["<out>", "<out>2"])
  }

  @Test func `an id that is a placeholder as a whole has no parts`() {
    let reading = SampleTemplate(source: #"{"type": "ManagedImage", "imageId": "<id>"}"#).reading
    guard case .managedImage(let id) = reading.template?.source else {
      Issue.record("no managed image")
      return
    }
    #expect(id.isUnresolved && id.text == "<id>")
  }

  @Test(arguments: [
    #"{"type": "Shell", "scriptUri": "<scriptUrl>"}"#,
    #"{"type": "File", "sourceUri": "<u>", "destination": "/d"}"#,
    #"{"type": "File", "sourceUri": "u", "destination": "c:\\<d>"}"#,
  ])
  func `a placeholder where something is fetched or put is an error`(step: String) {
    let reading = readStep(step)
    #expect(reading.errors.count == 1)
    #expect(reading.errors.first?.hasSuffix("is not filled in") == true)
  }

  @Test func `angle brackets in a script are its own`() {
    #expect(
      readStep(#"{"type": "Shell", "inline": ["cat <file >out", "echo '<html>'"]}"#).diagnostics
        .isEmpty)
  }

  @Test(arguments: [
    #"{"type": "Shell", "scriptUri": "[parameters('u')]"}"#,
    #"{"type": "Shell", "inline": ["[concat('a', 'b')]"]}"#,
    #"{"type": "Shell", "inline": "[variables('x')(1)]"}"#,
    #"{"type": "PowerShell", "inline": ["x"], "runElevated": "[parameters('e')]"}"#,
    #"{"type": "File", "sourceUri": "u", "destination": "[parameters('d')]"}"#,
    #"{"type": "[parameters('t')]"}"#,
  ])
  func `an expression in a step is an error`(step: String) {
    let reading = readStep(step)
    #expect(reading.errors.count == 1)
    #expect(reading.errors.first?.contains("cannot use the ARM expression") == true)
  }

  @Test func `an expression in place of the steps is an error`() {
    #expect(SampleTemplate(customize: #""[variables('steps')]""#).reading.errors.count == 1)
  }

  @Test func `an expression elsewhere is a warning`() {
    let reading = readProperties(
      #""buildTimeoutInMinutes": "[parameters('t')]", "vmProfile": {"vmSize": "[parameters('s')]"}"#
    )
    #expect(reading.errors.isEmpty)
    #expect(reading.warnings.count == 2)
    #expect(reading.template?.buildTimeout == .standard)
  }

  @Test func `a test of the shell is no expression`() {
    #expect(readStep(#"{"type": "Shell", "inline": ["[ -f /etc/motd ]"]}"#).diagnostics.isEmpty)
  }

  @Test func `the same open name twice is an error, for it can only get one value`() {
    let text = #"{"type": "VHD", "runOutputName": "<out>"}"#
    #expect(readTarget("\(text), \(text)").errors.count == 1)
  }

  @Test func `a zero character is an error`() {
    #expect(readStep(#"{"type": "Shell", "inline": ["a\u0000b"]}"#).errors.count == 1)
  }
}
