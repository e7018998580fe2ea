import Testing

@testable import Template

private let compute = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
private let network =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets"

@Suite struct SourceTests {
  @Test func `a marketplace image may need a plan`() {
    let plan = #"{"planName": "n", "planProduct": "p", "planPublisher": "q"}"#
    let source =
      #"{"type": "PlatformImage", "publisher": "a", "offer": "b", "sku": "c", "version": "1", "planInfo": \#(plan)}"#
    #expect(
      SampleTemplate(source: source).reading.template?.source
        == .platformImage(
          PlatformImage(
            publisher: "a", offer: "b", sku: "c", version: "1",
            plan: PurchasePlan(name: "n", product: "p", publisher: "q"))))
  }

  @Test func `a plan needs its three fields`() {
    let source =
      #"{"type": "PlatformImage", "publisher": "a", "offer": "b", "sku": "c", "version": "1", "planInfo": {}}"#
    #expect(SampleTemplate(source: source).reading.errors.count == 3)
  }

  @Test func `a marketplace image needs its four names`() {
    #expect(SampleTemplate(source: #"{"type": "PlatformImage"}"#).reading.errors.count == 4)
  }

  @Test func `a managed image is named by id`() throws {
    let reading = SampleTemplate(
      source: #"{"type": "ManagedImage", "imageId": "\#(compute)/images/i"}"#
    ).reading
    #expect(
      reading.template?.source == .managedImage(try #require(ResourceID("\(compute)/images/i"))))
  }

  @Test(arguments: [
    "\(compute)/galleries/y/images/d/versions/1.0.0",
    "\(compute)/galleries/y/images/d/versions/latest",
    "/sharedGalleries/y/images/d/versions/1.0.0",
  ])
  func `a version in a gallery is named by id`(id: String) throws {
    let reading = SampleTemplate(
      source: #"{"type": "SharedImageVersion", "imageVersionId": "\#(id)"}"#
    ).reading
    #expect(reading.template?.source == .sharedImageVersion(try #require(ResourceID(id))))
  }

  @Test func `imageVersionID is read with a warning`() {
    let id = "\(compute)/galleries/y/images/d/versions/1.0.0"
    let reading = SampleTemplate(
      source: #"{"type": "SharedImageVersion", "imageVersionID": "\#(id)"}"#
    ).reading
    #expect(reading.template != nil)
    #expect(
      reading.warnings == [
        "properties.source.imageVersionID: the field `imageVersionID` must be written `imageVersionId`"
      ])
  }

  @Test func `an ISO is an error that says since when`() {
    let reading = SampleTemplate(source: #"{"type": "ISO", "sourceUri": "u"}"#).reading
    #expect(
      reading.errors == [
        "properties.source.type: cannot start from an ISO: "
          + "the service removed this source in api-version 2020-02-14"
      ])
  }

  @Test func `a missing source is an error`() {
    #expect(
      SampleTemplate(source: "null").reading.errors == [
        "properties: `properties` needs the field `source`"
      ])
  }
}

@Suite struct BuildTimeoutTests {
  @Test(arguments: [("0", 240), ("6", 6), ("960", 960)])
  func `minutes are read, and 0 is the default`(value: String, minutes: Int) {
    let reading = readProperties(#""buildTimeoutInMinutes": \#(value)"#)
    #expect(reading.template?.buildTimeout.minutes == minutes)
    #expect(reading.diagnostics.isEmpty)
  }

  @Test(arguments: [1, 5])
  func `less than 6 minutes are a warning, for the service fails`(minutes: Int) {
    let reading = readProperties(#""buildTimeoutInMinutes": \#(minutes)"#)
    #expect(reading.template?.buildTimeout.minutes == minutes)
    #expect(reading.warnings.count == 1)
  }

  @Test(arguments: ["961", "-1", "1.5", "\"soon\"", "true", "99999999999999999999"])
  func `anything else is an error`(value: String) {
    #expect(readProperties(#""buildTimeoutInMinutes": \#(value)"#).errors.count == 1)
  }

  @Test func `minutes between quotes are read with a warning`() {
    let reading = readProperties(#""buildTimeoutInMinutes": "80""#)
    #expect(reading.template?.buildTimeout.minutes == 80)
    #expect(
      reading.warnings == [
        "properties.buildTimeoutInMinutes: must be a number, not the string `80`: it is read as `80`"
      ])
  }
}

@Suite struct VMProfileTests {
  private func profile(_ fields: String) -> TemplateReading {
    readProperties(#""vmProfile": {\#(fields)}"#, apiVersion: "2025-10-01")
  }

  @Test func `size, disk and identities are read`() {
    let profile = profile(#""vmSize": "X", "osDiskSizeGB": 64, "userAssignedIdentities": ["/a/b"]"#)
      .template?.vmProfile
    #expect(profile?.vmSize == "X")
    #expect(profile?.osDiskSize == .gigabytes(64))
    #expect(profile?.identities == ["/a/b"])
  }

  @Test func `an empty size and a disk of 0 are the defaults`() {
    #expect(profile(#""vmSize": "", "osDiskSizeGB": 0"#).template?.vmProfile == .standard)
  }

  @Test func `a disk between quotes is read with a warning`() {
    #expect(profile(#""osDiskSizeGB": "64""#).template?.vmProfile.osDiskSize == .gigabytes(64))
    #expect(profile(#""osDiskSizeGB": "64""#).warnings.count == 1)
  }

  @Test func `a subnet is reached through a proxy`() throws {
    let id = try #require(ResourceID("\(network)/n"))
    #expect(
      profile(#""vnetConfig": {"subnetId": "\#(network)/n"}"#).template?.vmProfile.network
        == .subnet(id, .proxy(vmSize: "Standard_A1_v2")))
  }

  @Test func `a subnet may be reached through containers in another`() throws {
    let id = try #require(ResourceID("\(network)/n"))
    let other = try #require(ResourceID("\(network)/c"))
    let fields =
      #""vnetConfig": {"subnetId": "\#(network)/n", "containerInstanceSubnetId": "\#(network)/c"}"#
    #expect(profile(fields).template?.vmProfile.network == .subnet(id, .containerInstances(other)))
  }

  @Test func `containers need a subnet`() {
    #expect(
      profile(#""vnetConfig": {"containerInstanceSubnetId": "\#(network)/c"}"#).errors.count == 1)
  }

  @Test func `containers exclude a proxy`() {
    let fields =
      #""vnetConfig": {"subnetId": "\#(network)/n", "containerInstanceSubnetId": "\#(network)/c", "proxyVmSize": "X"}"#
    #expect(profile(fields).errors.count == 1)
  }

  @Test func `fields that no version has are ignored with a warning`() {
    let reading = readProperties(#""vmProfile": {"hyperVGeneration": "V2"}"#)
    #expect(
      reading.warnings == [
        "properties.vmProfile.hyperVGeneration: `vmProfile` has no field `hyperVGeneration`: it is ignored"
      ])
  }
}

@Suite struct OtherPropertiesTests {
  @Test(arguments: ["errorHandling", "optimize"])
  func `an empty array in place of an object is absent, with a warning`(name: String) {
    let reading = readProperties(#""\#(name)": []"#, apiVersion: "2023-07-01")
    #expect(
      reading.warnings == [
        "properties.\(name): must be an object, not an array: it is read as absent"
      ])
    #expect(reading.template?.errorHandling.onCustomizerError == .cleanup)
  }

  @Test func `error handling keeps or removes the machine`() {
    let handling = readProperties(
      #""errorHandling": {"onCustomizerError": "abort", "onValidationError": "Cleanup"}"#,
      apiVersion: "2023-07-01")
    #expect(
      handling.template?.errorHandling
        == ErrorHandling(onCustomizerError: .abort, onValidationError: .cleanup))
    #expect(handling.warnings.count == 1)
  }

  @Test func `an unknown way of error handling is an error`() {
    let reading = readProperties(
      #""errorHandling": {"onCustomizerError": "ask"}"#, apiVersion: "2023-07-01")
    #expect(reading.errors.count == 1)
  }

  @Test func `optimisation is by boot and by workload`() {
    let reading = readProperties(
      #""optimize": {"vmBoot": {"state": "Enabled"}, "workload": {"state": "Enabled", "scriptUri": "u"}}"#,
      apiVersion: "2025-10-01")
    #expect(reading.template?.optimization.vmBoot == .enabled)
    #expect(reading.template?.optimization.workload?.script == .uri("u", sha256: nil))
    #expect(reading.template?.optimization.workload?.state == .enabled)
  }

  @Test func `a workload that is enabled needs a script`() {
    let reading = readProperties(
      #""optimize": {"workload": {"state": "Enabled"}}"#, apiVersion: "2025-10-01")
    #expect(
      reading.errors == ["properties.optimize.workload: `workload` needs the field `scriptUri`"])
  }

  @Test func `validation has its own steps and rules`() {
    let reading = readProperties(
      #""validate": {"continueDistributeOnFailure": true, "sourceValidationOnly": false, "inVMValidations": [{"type": "Shell", "name": "v", "inline": ["a"]}, {"type": "File", "sourceUri": "u", "destination": "d"}]}"#
    )
    let validation = reading.template?.validation
    #expect(validation?.onFailure == .distribute)
    #expect(validation?.subject == .builtImage)
    #expect(validation?.validators.map(\.action.type) == ["Shell", "File"])
    #expect(validation?.validators.map(\.index) == [0, 1])
  }

  @Test func `a validation cannot restart Windows`() {
    let reading = readProperties(#""validate": {"inVMValidations": [{"type": "WindowsRestart"}]}"#)
    #expect(
      reading.errors == [
        "properties.validate.inVMValidations[0].type: `WindowsRestart` is not known here"
      ])
  }

  @Test func `the remaining settings are read`() {
    let reading = readProperties(
      #""autoRun": {"state": "Enabled"}, "managedResourceTags": {"a": "b"}, "additionalDataDisks": [{"sizeGB": 4}], "stagingResourceGroup": "/subscriptions/s/resourceGroups/g""#,
      apiVersion: "2025-10-01")
    #expect(reading.diagnostics.isEmpty)
    #expect(reading.template?.autoRun == .enabled)
    #expect(reading.template?.managedResourceTags == ["a": "b"])
    #expect(reading.template?.additionalDataDisks == [4])
    #expect(reading.template?.stagingResourceGroup?["resourceGroups"] == "g")
  }

  @Test func `an empty staging group is one that the build makes`() {
    let reading = readProperties(#""stagingResourceGroup": """#)
    #expect(reading.template?.stagingResourceGroup == nil)
    #expect(reading.diagnostics.isEmpty)
  }
}

@Suite struct OpenValueTests {
  @Test func `placeholders in ids, regions and names are one warning each`() {
    let reading = SampleTemplate(
      identity: #""identity": {"userAssignedIdentities": {"<imgBuilderId>": {}}},"#,
      source:
        #"{"type": "ManagedImage", "imageId": "/subscriptions/<sub>/resourceGroups/<rg>/providers/Microsoft.Compute/images/i"}"#,
      distribute:
        #"[{"type": "VHD", "runOutputName": "<out>"}, {"type": "ManagedImage", "imageId": "<id>", "location": "<rg>", "runOutputName": "<out>"}]"#
    ).reading
    #expect(reading.errors.isEmpty)
    #expect(
      reading.warnings.map { $0.split(separator: "`")[1] } == [
        "<imgBuilderId>", "<sub>", "<rg>", "<out>", "<id>",
      ])
    #expect(reading.template?.distributors.map(\.runOutputName.text) == ["<out>", "<out>"])
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
}
