import Testing

@testable import Template

/// A template that has every field of the API.
private let everything = """
  {"apiVersion": "2025-10-01", "name": "n", "location": "l", "tags": {"a": "b"},
  "type": "Microsoft.VirtualMachineImages/imageTemplates",
  "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a/b": {}}},
  "properties": {
  "source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s", "version": "1",
    "planInfo": {"planName": "n", "planProduct": "p", "planPublisher": "q"}},
  "customize": [
    {"type": "Shell", "name": "n", "scriptUri": "u", "sha256Checksum": ""},
    {"type": "PowerShell", "inline": ["x"], "validExitCodes": [0], "runElevated": true,
      "runAsSystem": true},
    {"type": "WindowsRestart", "restartCommand": "r", "restartCheckCommand": "c",
      "restartTimeout": "5m"},
    {"type": "WindowsUpdate", "searchCriteria": "s", "filters": ["include:x"], "updateLimit": 2},
    {"type": "File", "sourceUri": "u", "destination": "/tmp/d", "sha256Checksum": ""}],
  "validate": {"continueDistributeOnFailure": true, "sourceValidationOnly": false,
    "inVMValidations": [{"type": "Shell", "inline": ["x"]}]},
  "optimize": {"vmBoot": {"state": "Enabled"},
    "workload": {"state": "Enabled", "scriptUri": "u", "sha256Checksum": ""}},
  "vmProfile": {"vmSize": "s", "osDiskSizeGB": 1, "userAssignedIdentities": ["/a/b"],
    "vnetConfig": {"subnetId": "<id>", "proxyVmSize": "", "containerInstanceSubnetId": ""}},
  "buildTimeoutInMinutes": 60, "stagingResourceGroup": "<id>", "managedResourceTags": {"a": "b"},
  "errorHandling": {"onCustomizerError": "abort", "onValidationError": "abort"},
  "autoRun": {"state": "Enabled"}, "additionalDataDisks": [{"sizeGB": 1}],
  "distribute": [
    {"type": "VHD", "runOutputName": "a", "uri": "u", "artifactTags": {"a": "b"}},
    {"type": "ManagedImage", "runOutputName": "b", "imageId": "<id>", "location": "l"},
    {"type": "SharedImage", "runOutputName": "c", "galleryImageId": "<id>",
      "excludeFromLatest": true, "replicationMode": "Full", "versioning": {"scheme": "Latest",
      "major": 1}, "targetRegions": [{"name": "r", "replicaCount": 1,
      "storageAccountType": "Standard_LRS"}]}]}}
  """

/// Every value of a template is replaced by every kind of value, one at a time.
@Suite struct SubstitutionTests {
  private static let substitutes: [JSONValue.Content] = [
    .null, .bool(true), .number("5"), .number("-1e99"), .string(""), .string("x"), .string("true"),
    .string("[parameters('x')]"), .string("<x>"), .array([]), .object([]),
    .array([JSONValue(content: .null, position: .start)]),
  ]

  @Test func `every field of the API is read without a word but for open ids and mixed systems`() {
    let reading = read(everything)
    #expect(reading.template != nil)
    // The template is for no system at all, since it has all kinds of steps.
    #expect(reading.diagnostics.map(\.code) == [.mixedSystems, .openPlaceholder])
  }

  @Test func `whatever stands anywhere, there is either a template or an error`() throws {
    let root = try #require(JSONReader.read(Array(everything.utf8)).value)
    var count = 0
    var accepted = 0
    for path in paths(of: root) {
      for substitute in Self.substitutes {
        for version in [nil, APIVersion.newest] {
          var decoder = TemplateDecoder(version: version)
          let template = decoder.template(root.replacing(path[...], with: substitute))
          #expect(decoder.findings.hasErrors == (template == nil), "\(path) \(substitute)")
          count += 1
          accepted += template == nil ? 0 : 1
        }
      }
    }
    #expect(count > 2000)
    #expect(accepted > 500)
  }

  @Test func `a field that is spelt wrong anywhere is never passed over in silence`() throws {
    let root = try #require(JSONReader.read(Array(everything.utf8)).value)
    for path in paths(of: root) {
      guard case .key(let key) = path.last, !["a", "/a/b"].contains(key) else { continue }
      var decoder = TemplateDecoder(version: .v2025_10_01)
      _ = decoder.template(root.renaming(path[...]))
      #expect(decoder.findings.hasErrors, "\(path)")
    }
  }

  private func paths(of value: JSONValue) -> [[Step]] {
    switch value.content {
    case .object(let members):
      members.flatMap { member in
        [[Step.key(member.key)]] + paths(of: member.value).map { [.key(member.key)] + $0 }
      }
    case .array(let elements):
      elements.enumerated().flatMap { index, element in
        [[Step.index(index)]] + paths(of: element).map { [.index(index)] + $0 }
      }
    default: []
    }
  }
}

private enum Step: Hashable {
  case key(String)
  case index(Int)
}

extension JSONValue {
  /// The value with another one at the end of `path`.
  fileprivate func replacing(_ path: ArraySlice<Step>, with content: Content) -> JSONValue {
    guard let step = path.first else { return JSONValue(content: content, position: position) }
    return changing(step) { member in
      JSONMember(
        key: member.key, keyPosition: member.keyPosition,
        value: member.value.replacing(path.dropFirst(), with: content))
    }
  }

  /// The value with an `x` after the key at the end of `path`.
  fileprivate func renaming(_ path: ArraySlice<Step>) -> JSONValue {
    guard let step = path.first else { return self }
    return changing(step) { member in
      JSONMember(
        key: path.count == 1 ? member.key + "x" : member.key, keyPosition: member.keyPosition,
        value: member.value.renaming(path.dropFirst()))
    }
  }

  private func changing(_ step: Step, _ change: (JSONMember) -> JSONMember) -> JSONValue {
    switch (content, step) {
    case (.object(let members), .key(let key)):
      let changed = members.map { $0.key == key ? change($0) : $0 }
      return JSONValue(content: .object(changed), position: position)
    case (.array(let elements), .index(let index)):
      let changed = elements.enumerated().map { place, element in
        place == index
          ? change(JSONMember(key: "", keyPosition: element.position, value: element)).value
          : element
      }
      return JSONValue(content: .array(changed), position: position)
    default: return self
    }
  }
}
