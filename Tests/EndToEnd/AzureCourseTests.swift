import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// What becomes of builds in Azure that don't go the straight way.
@Suite(.timeLimit(.minutes(10)), .requiresRoot, .requiresNamespaces)
struct AzureCourseTests {
  @Test func `a spot machine that Azure takes away ends the build at once, and that is said`()
    async throws
  {
    try await AzureRig.with { rig in
      try rig.writeTemplate(.shell("echo as''leep; sleep 600"))
      let evicted = Moment()
      let ran = try await rig.build("--spot") { kiln in
        try await kiln.waitUntilSays("asleep")
        _ = try await rig.server.ask("/_evict")
        evicted.note()
      }
      #expect(ran.exit == 4, "\(ran.stderr)")
      #expect(ran.stderr.contains("Azure took the virtual machine away"), "\(ran.stderr)")
      #expect(ran.stderr.contains("build again, without --spot"), "\(ran.stderr)")
      // The next look without cause would have been in a minute.
      #expect(evicted.elapsed < .seconds(50))
      #expect(try await rig.resources() == [])
    }
  }

  @Test func `a customizer that powers the machine off is told so at once`() async throws {
    try await AzureRig.with { rig in
      try rig.writeTemplate(.shell("sudo poweroff; sleep 600", name: "off"))
      let begun = ContinuousClock.now
      let ran = try await rig.build()
      #expect(ran.exit == 4, "\(ran.stderr)")
      #expect(
        ran.stderr.contains(
          "the virtual machine switched itself off before its steps had ended"), "\(ran.stderr)")
      #expect(ContinuousClock.now - begun < .seconds(50))
      #expect(try await rig.resources() == [])
    }
  }

  @Test func `in a network of the user's, a machine is reached by its own address`() async throws {
    try await AzureRig.with(["--sources"]) { rig in
      let subnet =
        "\(AzureRig.target)/providers/Microsoft.Network/virtualNetworks/net/subnets/build"
      let tags = #"{"artifactTags": {"of": "ours"}, "#
      try rig.write(
        try AzureRig.template(
          [.shell("true")],
          more: """
            "vmProfile": {"vmSize": "Standard_D2_v2", "vnetConfig": {"subnetId": "\(subnet)"}},
            "managedResourceTags": {"team": "images"},
            """, targets: [AzureRig.everywhere()[1].replacing("{\"type\"", with: tags + "\"type\"")]
        ),
        to: "t.json")
      // Nobody has to be let in there.
      let ran = try await rig.kiln(
        ["build", "t.json", "--on", "azure", "--my-address", "none"] + rig.cloud)
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(
        ran.stderr.contains(
          "the build VM is a Standard_D2s_v5: Standard_D2_v2 is not sold in westus"))
      let state = try await rig.state()
      #expect(
        !state.calls.contains {
          $0.hasPrefix("PUT ") && $0.contains("/Microsoft.Network/")
            && !$0.contains("/networkInterfaces/")
        })
      #expect(state.tagged == [] && state.findings == [])
      #expect(state.resources.contains { $0.hasSuffix("/virtualNetworks/net") })
      let puts = try JSONDecoder().decode(
        [Put].self, from: Data(try await rig.server.ask("/_puts").utf8))
      #expect(puts.count == 5, "group, card, machine, and the version twice")
      for put in puts {
        #expect(put.body.tags["team"] == (put.path.contains("/versions/") ? nil : "images"))
        #expect(put.body.tags["of"] == (put.path.contains("/versions/") ? "ours" : nil))
      }
    }
  }

  @Test func `terms are accepted by the user's word alone`() async throws {
    try await AzureRig.with { rig in
      let template = try AzureRig.template(
        [.shell("true")], targets: [AzureRig.everywhere()[1]])
      try rig.write(
        template.replacingOccurrences(of: #""Canonical""#, with: #""planned""#), to: "t.json")
      let refused = try await rig.build()
      #expect(refused.exit == 4, "\(refused.stderr)")
      #expect(refused.stderr.contains("has not accepted the terms of its plan server"))
      #expect(refused.stderr.contains("hint: read them, and accept them with --accept-terms"))
      #expect(try await rig.state().calls.allSatisfy { !$0.hasPrefix("PUT ") })
      let ran = try await rig.build("--accept-terms")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("note: the terms of the plan server of planned were accepted"))
    }
  }

  @Test func `a failed build goes on in a new machine, and the one that was kept stays`()
    async throws
  {
    try await AzureRig.with { rig in
      try rig.write("exit 7\n", to: "a.sh")
      try rig.write(
        try AzureRig.template(
          [.shell("echo fi''rst", name: "one"), .script("a.sh", name: "two")],
          targets: [AzureRig.everywhere()[1]]), to: "t.json")
      let failed = try await rig.build("--keep")
      #expect(failed.exit == 1, "\(failed.stderr)")
      try rig.write("true\n", to: "a.sh")
      let ran = try await rig.kiln(["resume", "latest"])
      #expect(ran.exit == 0, "\(ran.stderr)")
      // Its steps begin anew.
      #expect(ran.stderr.contains("first"), "\(ran.stderr)")
      #expect(
        ran.stderr.contains("run again, in a new virtual machine: in Azure no states are kept"),
        "\(ran.stderr)")
      #expect(ran.stderr.contains("note: the virtual machine that was kept stays"))
      let state = try await rig.state()
      #expect(state.resources.contains { $0.hasSuffix("/versions/1.0.0") })
      #expect(state.machines.count == 1, "the one that was kept")
      let gc = try await rig.kiln(["gc", "--kept"] + rig.cloud)
      #expect(gc.exit == 0, "\(gc.stderr)")
      #expect(try await rig.state().machines == [])
    }
  }

  @Test func `a step is debugged in a machine in Azure, and nothing is left of it`() async throws {
    try await AzureRig.with { rig in
      try rig.write("echo first ver''sion\n", to: "a.sh")
      try rig.writeTemplate(.shell("true"), .script("a.sh", name: "two"))
      let words = ["debug", "t.json", "two", "--on", "azure", "--my-address", "127.0.0.1"]
      let ran = try await rig.kiln(words + ["--watch"] + rig.cloud) { kiln in
        try await kiln.waitUntilSays("| first version")
        try rig.write("echo second ver''sion\n", to: "a.sh")
        try await kiln.waitUntilSays("| second version")
        kiln.send(SIGINT)
      }
      #expect(ran.exit == 130, "\(ran.stderr)")
      #expect(try await rig.resources() == [])
      #expect(try await rig.state().machines == [])
    }
  }

  @Test(arguments: ["/_ip", "/_not-ip", "/_no-ip", ":1"])
  func `the user's own address is asked for, or the error says how to give it`(
    service: String
  ) async throws {
    try await AzureRig.with { rig in
      try rig.write(
        try AzureRig.template([.shell("true")], targets: [AzureRig.everywhere()[1]]), to: "t.json")
      let place = service == ":1" ? "https://localhost:1" : rig.server.url + service
      let ran = try await rig.kiln(
        ["plan", "t.json", "--on", "azure", "--my-address", place] + rig.cloud)
      guard service != "/_ip" else { return #expect(ran.exit == 0, "\(ran.stderr)") }
      #expect(ran.exit == 4, "\(ran.stderr)")
      #expect(
        ran.stderr.contains(
          "hint: give your address as Azure sees it: --my-address 203.0.113.7"), "\(ran.stderr)")
    }
  }
}

/// A PUT to Resource Manager.
private struct Put: Decodable {
  struct Body: Decodable { let tags: [String: String] }

  let path: String
  let body: Body
}

/// When something was.
private final class Moment: Sendable {
  private let start = Mutex(ContinuousClock.now)

  func note() { start.withLock { $0 = ContinuousClock.now } }
  var elapsed: Duration { ContinuousClock.now - start.withLock { $0 } }
}
