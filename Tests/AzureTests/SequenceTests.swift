import FoundationEssentials
import Pipeline
import SystemPackage
import Template
import TestSupport
import Testing

@testable import Azure

/// A build from its resource group to its outputs, against the stand-in.
@Suite struct SequenceTests {
  @Test func `a build makes its outputs and leaves nothing else`() async throws {
    try await BuildRig.with { rig in
      try await rig.makeTargets()
      let group = try #require(ResourceID("\(BuildRig.target)-staging"))
      try await rig.access.arm.perform(.put(group, ["location": "westus"]))
      let made = try await rig.build(.given(group))
      try await rig.staging.remove(try rig.left())
      let names = rig.names(.given(group))
      let state = try await rig.state()
      #expect(
        Set(state.resources).subtracting([
          BuildRig.target, group.text, "\(BuildRig.target)/providers/Microsoft.Compute/galleries/g",
          "\(BuildRig.target)/providers/Microsoft.Compute/galleries/g/images/d",
          "\(BuildRig.target)/providers/Microsoft.Compute/galleries/g/images/d/versions/1.0.0",
          "\(BuildRig.target)/providers/Microsoft.Compute/images/i", names.account.text,
        ]) == [])
      #expect(state.resources.count == 7)
      #expect(made.count == 3)
      #expect(state.blobs == ["\(names.account["storageAccounts"] ?? "")/vhds/out.vhd"])
      #expect(state.shared == [])
      #expect(try rig.left() == [])
      #expect(try await TaggedLeftovers.find(in: BuildRig.subscription, rig.access.arm) == [])
    }
  }

  @Test(.requiresSharedData)
  func `every request and answer of a build is as Microsoft specifies it`() async throws {
    try await BuildRig.with { rig in
      try await rig.makeTargets()
      _ = try await rig.build()
      try await rig.staging.remove(try rig.left())
      let state = try await rig.state()
      #expect(state.checked)
      #expect(state.calls.count > 40)
      #expect(state.findings == [])
    }
  }

  @Test func `nothing of a build's is secret in its trace`() async throws {
    try await ScratchDirectory.with { directory in
      let file = FilePath(directory + "/trace")
      try await BuildRig.with(trace: file) { rig in
        try await rig.makeTargets()
        _ = try await rig.build()
        try await rig.staging.remove(try rig.left())
      }
      let trace = try String(contentsOfFile: file.string, encoding: .utf8)
      let lines = trace.split(separator: "\n")
      #expect(lines.count > 40)
      #expect(lines.allSatisfy { JSON(parsing: Array($0.utf8))?["method"] != nil })
      let key = CustomData(hostPrivateKey: Secret("HOST-KEY-SECRET"), hostPublicKey: "")
      for secret in [
        BuildRig.secret, BuildRig.secret.urlEncoded, "standin-", "HOST-KEY",
        String(key.base64.prefix(40)),
      ] {
        #expect(!trace.contains(secret), "\(secret)")
      }
      #expect(trace.contains("sig=***"))
      #expect(!trace.contains(/sig=[^*]/))
    }
  }

  @Test func `requests that need each other come in order, others at the same time`() throws {
    let names = BuildNames(
      subscription: "s", group: .own, run: try #require(RunID("20261123-134812-k3f9")))
    #expect(names.account["storageAccounts"] == "kiln20261123134812k3f9")
    #expect(names.machine.text.hasSuffix("/kiln-20261123-134812-k3f9"))
    let waves = RemovalOrder.waves([
      names.groupID, names.guardGroup, names.network, names.card, names.disk, names.machine,
    ])
    #expect(
      waves == [
        [names.machine], [names.card], [names.network, names.disk], [names.guardGroup],
        [names.groupID],
      ])
  }

  @Test func `what a run left is found by its tags alone, and removed`() async throws {
    try await BuildRig.with(["--page", "2"]) { rig in
      let group = try #require(ResourceID(BuildRig.target))
      try await rig.access.arm.perform(.put(group, ["location": "westus"]))
      try await rig.staging.make(rig.plan(.given(group)))
      let found = try await TaggedLeftovers.find(in: BuildRig.subscription, rig.access.arm)
      #expect(found.map(\.run) == [rig.run.run.text])
      #expect(found.first?.expires == Timestamp(seconds: 2_000_000_000, nanoseconds: 0))
      // By somebody who knows nothing of the run.
      for leftover in found { try await leftover.remove(by: rig.access.arm) }
      #expect(try await rig.state().resources == [BuildRig.target])
    }
  }

  @Test func `a machine of the stand-in is told what Azure would tell it, and ends with it`()
    async throws
  {
    try await ScratchDirectory.with { seen in
      let command = "cp \"$KILN_VM\"/* '\(seen)'; touch '\(seen)/up'; exec sleep 1000"
      try await BuildRig.with(["--vm-command", command]) { rig in
        let plan = rig.plan()
        try await rig.staging.make(plan)
        try await waitUntil("the machine to start") {
          FileManager.default.fileExists(atPath: seen + "/up")
        }
        #expect(try await rig.state().machines == [plan.names.machine.text.lowercased()])
        let told = try String(contentsOfFile: seen + "/custom-data", encoding: .utf8)
        if case .linux(_, let data) = plan.machine.account {
          #expect(told == data.text)
        } else {
          Issue.record("it is no Linux")
        }
        let facts = JSON(
          parsing: Array(try Data(contentsOf: URL(filePath: seen + "/machine.json"))))
        #expect(facts?["address"]?.text == (try await rig.staging.address(of: plan)))
        try await rig.staging.capture(plan.names)
        #expect(try await rig.state().machines == [])
      }
    }
  }

  @Test func `ten builds at once get through a subscription that is throttled`() async throws {
    try await BuildRig.with(["--writes", "15"], pace: .machine) { rig in
      try await rig.makeTargets()
      let made = try await withThrowingTaskGroup(of: [String].self) { builds in
        for number in 1...10 {
          let rig = try rig.another()
          builds.addTask {
            let made = try await rig.build(number: number)
            try await rig.staging.remove(try rig.left())
            return made
          }
        }
        return try await builds.reduce(into: Set()) { $0.formUnion($1) }
      }
      let state = try await rig.state()
      #expect(made.count == 30)
      #expect(state.calls.contains { $0.hasSuffix(" 429") })
      #expect(state.tokens == 2, "one for Resource Manager, one for blobs")
      #expect(state.tagged == [])
      #expect(state.machines == [])
      #expect(state.findings == [])
    }
  }

  @Test func `a disk that somebody may still read is removed with its group`() async throws {
    try await BuildRig.with { rig in
      let plan = rig.plan()
      try await rig.staging.make(plan)
      try await rig.staging.capture(plan.names)
      try await rig.access.arm.perform(
        .post(plan.names.disk, "beginGetAccess", ["access": "Read", "durationInSeconds": 60]))
      #expect(try await rig.state().shared.count == 1)
      for leftover in try await TaggedLeftovers.find(in: BuildRig.subscription, rig.access.arm) {
        try await leftover.remove(by: rig.access.arm)
      }
      let state = try await rig.state()
      #expect(state.resources == [])
      #expect(state.shared == [])
    }
  }

  @Test func `a VHD is made by the account's key where a token may not see blobs`() async throws {
    try await BuildRig.with(["--no-role"]) { rig in
      try await rig.makeTargets()
      let made = try await rig.build()
      try await rig.staging.remove(try rig.left())
      let state = try await rig.state()
      #expect(made.count == 3)
      #expect(state.blobs.count == 1)
      #expect(state.tagged == [])
    }
  }
}
