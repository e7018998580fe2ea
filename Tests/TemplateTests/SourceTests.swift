import Testing

@testable import Template

private let compute = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
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
