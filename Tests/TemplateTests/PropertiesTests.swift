import Testing

@testable import Template

private let network =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets"

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
