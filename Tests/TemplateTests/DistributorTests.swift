import Testing

@testable import Template

private let compute = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
private let definition = "\(compute)/galleries/y/images/d"

private let sharedTarget =
  #"{"type": "SharedImage", "runOutputName": "o", "galleryImageId": "\#(definition)"}"#

private func target(_ text: String, apiVersion: String = "2025-10-01") -> Distributor.Target? {
  readTarget(text, apiVersion: apiVersion).template?.distributors.first?.target
}

private func shared(_ fields: String, id: String = definition, apiVersion: String = "2025-10-01")
  -> TemplateReading
{
  readTarget(
    #"{"type": "SharedImage", "runOutputName": "o", "galleryImageId": "\#(id)"\#(fields)}"#,
    apiVersion: apiVersion)
}

private func image(_ fields: String, id: String = definition, apiVersion: String = "2025-10-01")
  -> SharedImage?
{
  guard
    case .sharedImage(let image) = shared(fields, id: id, apiVersion: apiVersion)
      .template?.distributors.first?.target
  else { return nil }
  return image
}

@Suite struct DistributorTests {
  @Test func `a managed image has an id and a location`() throws {
    let text =
      #"{"type": "ManagedImage", "runOutputName": "o", "imageId": "\#(compute)/images/i", "location": "l"}"#
    let id = try #require(ResourceID("\(compute)/images/i"))
    #expect(target(text) == .managedImage(id, location: "l"))
  }

  @Test func `a managed image without a location is an error`() {
    let text = #"{"type": "ManagedImage", "runOutputName": "o", "imageId": "\#(compute)/images/i"}"#
    #expect(
      readTarget(text).errors == [
        "properties.distribute[0]: a ManagedImage target needs the field `location`"
      ])
  }

  @Test(arguments: [("", nil), (#", "uri": """#, nil), (#", "uri": "https://a/b""#, "https://a/b")])
  func `a disk goes where it is told, or where the build chooses`(fields: String, uri: String?) {
    #expect(target(#"{"type": "VHD", "runOutputName": "o"\#(fields)}"#) == .vhd(uri: uri))
  }

  @Test func `a target knows the document's word for its kind`() {
    let id = ResourceID(unresolved: "<id>")
    #expect(Distributor.Target.managedImage(id, location: "l").type == "ManagedImage")
    #expect(Distributor.Target.vhd(uri: nil).type == "VHD")
    #expect(target(sharedTarget)?.type == "SharedImage")
  }

  @Test func `the tags of the result are kept`() {
    let text = #"{"type": "VHD", "runOutputName": "o", "artifactTags": {"a": "b"}}"#
    #expect(readTarget(text).template?.distributors.first?.artifactTags == ["a": "b"])
  }

  @Test(arguments: ["aritfactTags", "tags"])
  func `misspelt tags are ignored with a suggestion`(name: String) {
    let reading = readTarget(#"{"type": "VHD", "runOutputName": "o", "\#(name)": {"a": "b"}}"#)
    #expect(reading.template?.distributors.first?.artifactTags.isEmpty == true)
    #expect(reading.hints == ["did you mean `artifactTags`?"])
  }

  @Test func `sharedImage is read with a warning`() {
    let reading = readTarget(
      #"{"type": "sharedImage", "runOutputName": "o", "galleryImageId": "\#(definition)"}"#)
    #expect(
      reading.warnings == [
        "properties.distribute[0].type: `sharedImage` must be written `SharedImage`"
      ])
    #expect(reading.hints == ["the service refuses other spellings"])
    #expect(reading.template != nil)
  }

  @Test func `a run output name that the service refuses is an error`() {
    #expect(
      readTarget(#"{"type": "VHD", "runOutputName": "a b"}"#).errors == [
        "properties.distribute[0].runOutputName: `a b` is no name: "
          + "it must be 1 to 64 letters, digits, `-`, `_` and `.`"
      ])
  }

  @Test func `a run output name that is given twice is an error`() {
    let text = #"{"type": "VHD", "runOutputName": "o"}"#
    #expect(
      readTarget("\(text), \(text)").errors == [
        "properties.distribute[1].runOutputName: the name `o` is that of `distribute[0]` already"
      ])
  }

  @Test func `no target at all is a warning`() {
    let reading = SampleTemplate(distribute: "[]").reading
    #expect(reading.warnings.count == 1)
    #expect(reading.template?.distributors.isEmpty == true)
  }

  @Test func `an object in place of the targets is an error`() {
    #expect(
      SampleTemplate(distribute: "{}").reading.errors == [
        "properties.distribute: must be an array of objects, not an object"
      ])
  }

  @Test(arguments: ["my-image", "/subscriptions/s/resourceGroups/g", "\(compute)/disks/d"])
  func `an id of another shape is an error that shows the right one`(id: String) {
    let reading = readTarget(
      #"{"type": "ManagedImage", "runOutputName": "o", "imageId": "\#(id)", "location": "l"}"#)
    #expect(
      reading.errors == [
        "properties.distribute[0].imageId: `\(id)` is not the id of a managed image"
      ])
    #expect(reading.hints[0].hasSuffix("/providers/Microsoft.Compute/images/…`"))
  }
}

@Suite struct SharedImageTests {
  @Test func `what a target leaves out has the service's defaults`() {
    let image = image("")
    #expect(image?.imageID.text == definition)
    #expect(image?.versioning == .latest(major: nil))
    #expect(image?.targetRegions.isEmpty == true)
    #expect(image?.excludeFromLatest == false)
    #expect(image?.replicationMode == .full)
  }

  @Test func `before 2022-07-01 a version gets its number from the time`() {
    let image = image(#", "replicationRegions": ["a"]"#, apiVersion: "2020-02-14")
    #expect(image?.versioning == .monotonic)
  }

  @Test func `a version in the id is the one to be made`() {
    let image = image("", id: "\(definition)/versions/1.2.3")
    #expect(image?.versioning == .explicit("1.2.3"))
    #expect(image?.imageID.text == definition)
  }

  @Test(arguments: ["1.2", "latest", "1.2.x", "1.2.2147483648", "1..2"])
  func `a version that Azure cannot make is an error`(version: String) {
    #expect(shared("", id: "\(definition)/versions/\(version)").errors.count == 1)
  }

  @Test(arguments: [
    (#"{"scheme": "Latest"}"#, SharedImage.Versioning.latest(major: nil)),
    (#"{"scheme": "Latest", "major": 2}"#, .latest(major: 2)),
    (#"{"scheme": "Latest", "major": -1}"#, .latest(major: nil)),
    (#"{"scheme": "Source"}"#, .source),
  ])
  func `versioning is by one of two schemes`(value: String, versioning: SharedImage.Versioning) {
    #expect(image(#", "versioning": \#(value)"#)?.versioning == versioning)
  }

  @Test func `a major number below -1 is an error`() {
    #expect(shared(#", "versioning": {"scheme": "Latest", "major": -2}"#).errors.count == 1)
  }

  @Test func `versioning and a version in the id exclude each other`() {
    let reading = shared(
      #", "versioning": {"scheme": "Source"}"#, id: "\(definition)/versions/1.0.0")
    #expect(
      reading.errors == [
        "properties.distribute[0].versioning: `versioning` and the version `1.0.0` of "
          + "`galleryImageId` exclude each other"
      ])
  }

  @Test func `replication regions become target regions of one replica`() {
    let image = image(#", "replicationRegions": ["a", "b"], "storageAccountType": "Standard_ZRS""#)
    #expect(
      image?.targetRegions
        == ["a", "b"].map {
          SharedImage.TargetRegion(name: $0, replicaCount: 1, storageAccountType: .standardZRS)
        })
  }

  @Test func `target regions have a count and a kind of storage`() {
    let regions =
      #"[{"name": "a", "replicaCount": 3, "storageAccountType": "Premium_LRS"}, {"name": "b"}]"#
    #expect(
      image(#", "targetRegions": \#(regions)"#)?.targetRegions == [
        SharedImage.TargetRegion(name: "a", replicaCount: 3, storageAccountType: .premiumLRS),
        SharedImage.TargetRegion(name: "b", replicaCount: 1, storageAccountType: .standardLRS),
      ])
  }

  @Test(arguments: [
    ("replicationRegions", #"["a"]"#), ("storageAccountType", #""Standard_LRS""#),
  ])
  func `target regions exclude the older fields`(name: String, value: String) {
    let reading = shared(#", "targetRegions": [{"name": "a"}], "\#(name)": \#(value)"#)
    #expect(
      reading.errors == [
        "properties.distribute[0].\(name): `\(name)` and `targetRegions` exclude each other"
      ])
  }

  @Test(arguments: [#"{"replicaCount": 1}"#, #"{"name": "a", "replicaCount": 0}"#])
  func `a target region without a name or a replica is an error`(region: String) {
    #expect(shared(#", "targetRegions": [\#(region)]"#).errors.count == 1)
  }

  @Test func `before 2022-07-01 replication regions are needed`() {
    #expect(
      shared("", apiVersion: "2022-02-14").errors == [
        "properties.distribute[0]: a SharedImage target needs the field `replicationRegions` "
          + "before api-version 2022-07-01"
      ])
  }

  @Test func `an unknown kind of storage is an error with the known ones`() {
    let reading = shared(#", "storageAccountType": "Standard_GRS""#)
    #expect(reading.errors.count == 1)
    #expect(
      reading.hints[0].hasSuffix("it is one of `Standard_LRS`, `Standard_ZRS`, `Premium_LRS`"))
  }

  @Test func `the flags of a target are read`() {
    let image = image(#", "excludeFromLatest": true, "replicationMode": "Shallow""#)
    #expect(image?.excludeFromLatest == true)
    #expect(image?.replicationMode == .shallow)
  }
}
