import Pipeline
import Synchronization
import Template
import TestSupport
import Testing

@testable import Azure

/// What a build asks Azure of what it starts from, and the machine that comes of it.
@Suite struct SourceTests {
  private static let options = ["--targets", "--sources", "--vm-command", "off"]
  private static let compute = "\(BuildRig.target)/providers/Microsoft.Compute"

  /// Surveys a build and makes its machine; gives what was asked of Azure for that.
  private func make(
    _ source: String, profile: String = "{}", target: String = #"{"type": "VHD"}"#,
    priority: MachineSpec.Priority = .regular, terms: BuildSurvey.Terms = .refused,
    _ check: @Sendable (BuildRig, BuildSurvey, JSON) async throws -> Void
  ) async throws {
    try await BuildRig.with(Self.options) { rig in
      let survey = try await rig.survey(source, profile, target, priority, terms)
      let network: StagingPlan.Network =
        switch try rig.template(source, profile, target).vmProfile.network {
        case .subnet(let id, _): .subnet(id)
        case .made: .made(from: "203.0.113.7/32", port: 22)
        }
      let plan = StagingPlan(
        location: "westus", names: rig.names(survey.group), tags: rig.tags, network: network,
        machine: survey.shape.machine(
          from: nil,
          account: .linux(
            authorizedKey: "ssh-ed25519 AAAA build",
            CustomData(hostPrivateKey: Secret("H"), hostPublicKey: "ssh-ed25519 B"))))
      try await rig.staging.make(plan)
      let machine = try #require(try await rig.puts().last)
      try await check(rig, survey, machine)
      try await rig.staging.remove(try rig.left())
      let findings = try await rig.state().findings
      #expect(findings == [])
    }
  }

  private func refusal(
    _ source: String, target: String = #"{"type": "VHD"}"#
  ) async throws -> AzureError {
    let found = Mutex<AzureError?>(nil)
    try await BuildRig.with(Self.options) { rig in
      do {
        _ = try await rig.survey(source, "{}", target, .regular, .refused)
      } catch let problems as SurveyProblems {
        found.withLock { $0 = problems.errors.first }
      } catch let error as AzureError {
        found.withLock { $0 = error }
      }
      #expect(try await rig.state().calls.allSatisfy { !$0.hasPrefix("PUT ") })
    }
    return try #require(found.withLock { $0 })
  }

  @Test func `the latest version in the Marketplace is settled before the machine is made`()
    async throws
  {
    try await make(.platform("Canonical")) { _, survey, machine in
      #expect(survey.source.version == "24.04.202501010")
      #expect(
        machine[path: "properties", "storageProfile", "imageReference"] == [
          "publisher": "Canonical", "offer": "o", "sku": "s", "version": "24.04.202501010",
        ])
      #expect(machine["plan"] == nil)
      #expect(machine[path: "properties", "securityProfile"] == nil)
      #expect(machine[path: "properties", "priority"] == nil)
    }
  }

  @Test func `a spot machine says so, and what becomes of it when Azure wants it back`()
    async throws
  {
    try await make(.platform("Canonical"), priority: .spot) { _, _, machine in
      #expect(machine[path: "properties", "priority"] == "Spot")
      #expect(machine[path: "properties", "evictionPolicy"] == "Deallocate")
      #expect(machine[path: "properties", "billingProfile"] == ["maxPrice": -1])
    }
  }

  @Test func `terms that nobody has accepted are an error that says what to do`() async throws {
    let error = try await refusal(.platform("planned"))
    #expect(
      error.description
        == "could not start from planned:o:s:24.04.202501010: the subscription has not accepted the "
        + "terms of its plan s (https://example.org/terms)")
    #expect(error.hint?.contains("--accept-terms") == true)
  }

  @Test func `terms are accepted where the user says so, and the machine names its plan`()
    async throws
  {
    try await make(.platform("planned"), terms: .accepted) { rig, survey, machine in
      #expect(machine["plan"] == ["name": "s", "product": "o", "publisher": "planned"])
      #expect(
        survey.notes.contains(
          "the terms of the plan s of planned were accepted for the subscription"))
      let agreement = try #require(try await rig.puts().first)
      #expect(agreement[path: "properties", "accepted"] == true)
      // All else is sent back as it came.
      #expect(agreement[path: "properties", "signature"] == "S")
      let calls = try await rig.state().calls.filter { $0.contains("/agreements/current") }
      #expect(calls.map { String($0.prefix(4)) } == ["GET ", "PUT "])
      // They are accepted once.
      _ = try await rig.survey(.platform("planned"), "{}", #"{"type": "VHD"}"#, .regular, .refused)
    }
  }

  @Test func `a managed image is a source by its id, and its generation is the machine's`()
    async throws
  {
    try await make(.managed("base")) { _, survey, machine in
      let id = "\(Self.compute)/images/base"
      #expect(survey.source.generation == .first)
      #expect(
        machine[path: "properties", "storageProfile", "imageReference"] == ["id": .string(id)])
      // No size is refused for it: the usual one starts the first generation.
      #expect(survey.notes == [])
    }
  }

  @Test func `a managed image of another region is no source`() async throws {
    let error = try await refusal(.managed("far"))
    #expect(error.message == "it is in eastus, and the template builds in westus")
  }

  @Test(arguments: ["latest", "1.10.0"])
  func `of a gallery's versions the newest counts that is here and not excluded`(
    version: String
  ) async throws {
    try await make(.shared("s/versions/\(version)")) { _, survey, machine in
      let id = "\(Self.compute)/galleries/g/images/s/versions/1.10.0"
      #expect(survey.source.version == "1.10.0")
      #expect(
        machine[path: "properties", "storageProfile", "imageReference"] == ["id": .string(id)])
    }
  }

  @Test func `a version of another region is no source`() async throws {
    let error = try await refusal(.shared("s/versions/2.0.0"))
    #expect(error.message == "it has no replica in westus")
  }

  @Test func `a specialized image is no source`() async throws {
    let error = try await refusal(.shared("sp/versions/1.0.0"))
    #expect(error.message == "it is a specialized image")
  }

  @Test func `a source that starts with Trusted Launch alone gets it`() async throws {
    try await make(.shared("t/versions/latest")) { _, survey, machine in
      #expect(survey.source.protection == .trustedLaunch)
      #expect(
        machine[path: "properties", "securityProfile"] == [
          "securityType": "TrustedLaunch",
          "uefiSettings": ["secureBootEnabled": true, "vTpmEnabled": true],
        ])
    }
  }

  @Test func `of a machine with Trusted Launch no managed image is made`() async throws {
    let target = """
      {"type": "ManagedImage", "location": "westus", "imageId": "\(Self.compute)/images/i"}
      """
    let error = try await refusal(.shared("t/versions/latest"), target: target)
    #expect(error.message.contains("of which Azure makes no managed image"))
    #expect(error.hint == "distribute to a SharedImage instead")
  }

  @Test func `in a network of the user's there is a card, and no address that others reach`()
    async throws
  {
    let subnet =
      "\(BuildRig.target)/providers/Microsoft.Network/virtualNetworks/net/subnets/build"
    let profile = #"{"vnetConfig": {"subnetId": "\#(subnet)"}}"#
    try await make(.platform("Canonical"), profile: profile) { rig, _, _ in
      let made = try await rig.state().calls.filter { $0.hasPrefix("PUT ") }
      #expect(made.count == 3, "the group, the card and the machine")
      let card = try await rig.puts()[1]
      #expect(
        card[path: "properties", "ipConfigurations"] == [
          [
            "name": "build",
            "properties": [
              "privateIPAllocationMethod": "Dynamic", "subnet": ["id": .string(subnet)],
            ],
          ]
        ])
      let kinds = try rig.left().map { "\($0)" }
      #expect(!kinds.contains { $0.contains("/networkSecurityGroups/") || $0.contains("-ip") })
      #expect(!kinds.contains { $0.contains("/virtualNetworks/") })
    }
  }

  @Test func `a size that is not sold any more gives way to the nearest`() async throws {
    let profile = #"{"vmSize": "Standard_D2_v2"}"#
    try await make(.platform("Canonical"), profile: profile) { _, survey, machine in
      #expect(
        machine[path: "properties", "hardwareProfile", "vmSize"] == "Standard_D2s_v5")
      #expect(
        survey.notes == [
          "the build VM is a Standard_D2s_v5: Standard_D2_v2 is not sold in westus"
        ])
    }
  }
}

extension String {
  fileprivate static func platform(_ publisher: String) -> String {
    """
    {"type": "PlatformImage", "publisher": "\(publisher)", "offer": "o", "sku": "s",
     "version": "latest"}
    """
  }

  fileprivate static func managed(_ name: String) -> String {
    """
    {"type": "ManagedImage",
     "imageId": "\(BuildRig.target)/providers/Microsoft.Compute/images/\(name)"}
    """
  }

  fileprivate static func shared(_ image: String) -> String {
    let definition = "\(BuildRig.target)/providers/Microsoft.Compute/galleries/g/images/\(image)"
    return #"{"type": "SharedImageVersion", "imageVersionId": "\#(definition)"}"#
  }
}
