import HTTP
import Pipeline
import Testing

@testable import Azure

/// What is settled before a build in Azure.
@Suite struct SurveyTests {
  private func size(
    _ name: String, _ processors: Int, _ generations: String = "V1,V2", restricted: String? = nil
  ) -> JSON {
    [
      "resourceType": "virtualMachines", "name": .string(name),
      "restrictions": .array(restricted.map { [["type": .string($0)]] } ?? []),
      "capabilities": [
        ["name": "vCPUs", "value": .string("\(processors)")],
        ["name": "HyperVGenerations", "value": .string(generations)],
      ],
    ]
  }

  private func choose(_ asked: String, _ skus: [JSON]) throws(AzureError) -> SizeChoice {
    try SizeChoice.choose(
      asked, from: skus.compactMap { MachineSize($0) },
      for: SizeChoice.Need(
        location: "westus", generation: .second, security: .standard, priority: .regular))
  }

  @Test func `a size that serves is taken, however it is written`() throws {
    let choice = try choose("standard_d2s_V5", [size("Standard_D2s_v5", 2)])
    #expect(choice == SizeChoice(name: "standard_d2s_V5", note: nil))
  }

  @Test func `in place of a size that does not serve comes the nearest with as many processors`()
    throws
  {
    let choice = try choose(
      "Standard_D4_v2",
      [
        size("Standard_D4_v2", 4, "V1"), size("Standard_D2s_v5", 2), size("Standard_E8_v5", 8),
        size("Standard_D4s_v5", 4), size("Standard_D4x_v9", 4, restricted: "Location"),
      ])
    #expect(choice.name == "Standard_D4s_v5")
    #expect(
      choice.note
        == "the build VM is a Standard_D4s_v5: Standard_D4_v2 can't start an image of generation V2"
    )
  }

  @Test func `a size that the subscription can't have is replaced, too`() throws {
    let choice = try choose(
      "Standard_D2s_v5",
      [size("Standard_D2s_v5", 2, restricted: "Location"), size("Standard_B2ms", 2)])
    #expect(choice.name == "Standard_B2ms")
    // A restriction to some zones is none for a machine without one.
    let zonal = try choose("Standard_D2s_v5", [size("Standard_D2s_v5", 2, restricted: "Zone")])
    #expect(zonal.note == nil)
  }

  @Test func `where nothing serves, that is said`() throws {
    let error = #expect(throws: AzureError.self) {
      try choose("Standard_D1_v2", [size("Standard_D1_v2", 1, "V1")])
    }
    #expect(error?.message.contains("can't start an image of generation V2") == true)
  }

  @Test(arguments: [
    ("203.0.113.7", "203.0.113.7/32"), (" 203.0.113.0/24\n", "203.0.113.0/24"),
    ("2001:db8::7", "2001:db8::7/128"), ("0.0.0.0/0", nil), ("203.0.113", nil), ("me", nil),
    ("203.0.113.7/33", nil), ("", nil),
  ])
  func `only an address or a range of some is let in`(text: String, range: String?) async throws {
    let tokens = TokenCache(NumberedTokens())
    let wire = Wire(client: HTTPClient(), trace: nil, pace: .machine)
    let access = AzureAccess(
      arm: ARMClient(cloud: .publicCloud, tokens: tokens, wire: wire),
      blobs: BlobClient(tokens: tokens, wire: wire))
    let found = try? await access.ownRange(text)
    #expect(found == range)
  }

  @Test(arguments: [
    ("https://a.blob.core.windows.net/c/b", true), ("https://a.BLOB.core.windows.net/c/b", true),
    ("http://a.blob.core.windows.net/c/b", false),
    ("https://a.blob.core.windows.net.evil/c", false),
    ("https://blob.core.windows.net/c", false), ("https://me@a.blob.core.windows.net/c", false),
    ("https://a.blob.core.windows.net:444/c", false),
  ])
  func `a token for blobs goes to storage accounts alone`(url: String, isBlob: Bool) {
    #expect(Cloud.publicCloud.hasBlob(at: url) == isBlob)
  }
}
