import Pipeline
import Synchronization
import Template
import TestSupport
import Testing

@testable import Azure

/// What Azure is asked to make, as the template says it.
@Suite struct OutputTests {
  private static let source = """
    {"type": "PlatformImage", "publisher": "Canonical", "offer": "o", "sku": "s",
     "version": "latest"}
    """
  private static let definition =
    "\(BuildRig.target)/providers/Microsoft.Compute/galleries/g/images/d"
  private static let regions = """
    {"type": "SharedImage", "galleryImageId": "\(definition)", "excludeFromLatest": true,
     "targetRegions": [{"name": "East US", "replicaCount": 3, "storageAccountType": "Premium_LRS"}]}
    """

  private func survey(
    _ rig: BuildRig, profile: String = "{}", target: String = #"{"type": "VHD"}"#
  ) async throws -> BuildSurvey {
    try await rig.survey(Self.source, profile, target, .regular, .refused)
  }

  @Test func `a version goes to the template's regions, and to that of its gallery`() async throws {
    try await BuildRig.with(["--targets"]) { rig in
      let survey = try await survey(rig, target: Self.regions)
      let plan = OutputPlan(try #require(survey.targets[0]), tags: rig.tags)
      let body = try #require(plan.body(from: rig.names().machine, .done))
      #expect(
        body[path: "properties", "publishingProfile"] == [
          "excludeFromLatest": true, "replicationMode": "Full",
          "targetRegions": [
            ["name": "East US", "regionalReplicaCount": 3, "storageAccountType": "Premium_LRS"],
            ["name": "westus", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"],
          ],
        ])
      #expect(body["location"] == "westus")
    }
  }

  @Test func `how far a version's regions are is told while they are made`() async throws {
    // Each operation is looked at some times before it ends.
    let options = ["--targets", "--vm-command", "off", "--looks", "3"]
    try await BuildRig.with(options, pace: .machine) { rig in
      let survey = try await survey(rig, target: Self.regions)
      let plan = rig.plan()
      try await rig.staging.make(plan)
      try await rig.staging.capture(plan.names)
      var making = OutputMaking(
        staging: rig.staging, blobs: rig.access.blobs, names: plan.names, location: "westus")
      making.replicaLook = .milliseconds(50)
      let told = Mutex<[Double]>([])
      let output = OutputPlan(try #require(survey.targets[0]), tags: rig.tags)
      let made = try await making.make(output) { share in told.withLock { $0.append(share) } }
      #expect(made == "\(Self.definition)/versions/1.0.0")
      let shares = told.withLock { $0 }
      #expect(shares.first == 0.4 && shares.last == 1, "\(shares)")
      try await rig.staging.remove(try rig.left())
      let state = try await rig.state()
      #expect(state.tagged == [] && state.findings == [])
    }
  }

  @Test func `disk, identities and tags are as the template says`() async throws {
    let identity =
      "\(BuildRig.target)/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    let profile = #"{"osDiskSizeGB": 64, "userAssignedIdentities": ["\#(identity)"]}"#
    try await BuildRig.with(["--targets"]) { rig in
      let survey = try await survey(rig, profile: profile)
      let tags = BuildTags(
        run: rig.run.run, expires: Timestamp(seconds: 2_000_000_000, nanoseconds: 0),
        own: ["team": "images"])
      let plan = StagingPlan(
        location: "westus", names: rig.names(), tags: tags,
        network: .made(from: "203.0.113.7/32", port: 22),
        machine: survey.shape.machine(
          from: nil,
          account: .linux(
            authorizedKey: "ssh-ed25519 AAAA build",
            CustomData(hostPrivateKey: Secret("H"), hostPublicKey: "ssh-ed25519 B"))))
      try await rig.staging.make(plan)
      let machine = try #require(try await rig.puts().last)
      #expect(machine[path: "properties", "storageProfile", "osDisk", "diskSizeGB"] == 64)
      #expect(
        machine["identity"] == [
          "type": "UserAssigned", "userAssignedIdentities": [identity: [:]],
        ])
      for body in try await rig.puts() {
        #expect(body[path: "tags", "team"] == "images")
        #expect(body[path: "tags", "kiln-run"] == .string(rig.run.run.text))
      }
      try await rig.staging.remove(try rig.left())
      #expect(try await rig.state().findings == [])
    }
  }

  @Test func `a VHD's uri may let in by itself, and is shown without that`() async throws {
    try await BuildRig.with(["--targets"]) { rig in
      let url = "https://a.blob.core.windows.net/c/b.vhd"
      let target = #"{"type": "VHD", "uri": "\#(url)?sv=1&sp=rcwd&sig=abc%3D"}"#
      let survey = try await survey(rig, target: target)
      guard case .vhd(let address) = try #require(survey.targets[0]) else {
        throw NoFailure()
      }
      #expect(address.signature?.revealed == "sv=1&sp=rcwd&sig=abc%3D")
      #expect(address.url == url)
      #expect(!"\(survey)".contains("abc"))
      // Without a signature, a token would go there.
      let other = #"{"type": "VHD", "uri": "\#(url)"}"#
      let problems = await #expect(throws: SurveyProblems.self) {
        try await self.survey(rig, target: other)
      }
      #expect(problems?.errors.first?.message == "it is no address of a blob in StandIn")
    }
  }
}
