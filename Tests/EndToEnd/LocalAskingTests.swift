import Foundation
import TestSupport
import Testing

/// Somebody at the terminal of a build in a virtual machine.
@Suite(.requiresBaseImage, .requires("/usr/bin/setsid"), .timeLimit(.minutes(15)))
struct LocalAskingTests {
  /// All in one: each start of a machine costs half a minute where there is no KVM.
  @Test func `an image of a part of the steps says what it lacks`() async throws {
    try await VMRig.with { rig in
      try rig.writeTemplate(
        .shell("sudo mkdir /opt/made", name: "one"), .shell("exit 9", name: "left out"),
        .shell("exit 3", name: "bad"), .shell("ls /opt/made /tmp/by-hand", name: "last"))
      let words = ["build", "t.json", "--source-disk", rig.base, "--skip", "left*"]
      let ran = try await KilnTerminal.run(words + ["--on-failure", "ask"], in: rig.home) { kiln in
        try await kiln.waitFor("k  keep the VM", within: .seconds(600))
        try await kiln.answer("g  give up", "s")
        try await kiln.waitFor("a shell on the build VM")
        try kiln.type("touch /tmp/by-hand; exit")
        try await kiln.answer("g  give up", "c")
      }
      try #require(ran.exit == 0, "\(ran.stderr)")
      #expect(
        try Self.record(rig).outcomes == [
          "skipped", "succeeded", "passedOver", "succeeded", "succeeded",
        ])
      let listed = try await rig.kiln(["images"]).stdout.split(separator: "\n")
      let name = try #require(listed.last?.split(separator: " ").first)
      let shown = try await rig.kiln(["images", "show", String(name)])
      #expect(
        shown.stdout.contains("lacks:    step 2, Shell \"left out\": left out"), "\(shown.stdout)")
      #expect(shown.stdout.contains("lacks:    step 3, Shell \"bad\": failed and was passed over"))
      let steps = shown.stdout.split(separator: "\n").filter { $0.hasPrefix("step ") }
      #expect(steps.map { $0.split(separator: "\"")[1] } == ["one", "last", "Deprovision"])
      let timing = try await rig.kiln(["show", "latest", "--timing"]).stdout
      for part in ["acquire", "boot", "connect", "[1/5] Shell", "capture", "write disk"] {
        #expect(timing.contains("\n\(part)"), "\(timing)")
      }
      #expect(try await rig.leftoverMachines() == [])
    }
  }

  @Test func `a step is debugged in a machine that is kept`() async throws {
    try await VMRig.with { rig in
      try rig.writeTemplate(
        .shell("echo once | sudo tee -a /opt/order", name: "one"),
        .shell("sudo touch /opt/new; exit 3", name: "bad"), .shell("exit 4", name: "never"))
      let words = ["debug", "t.json", "bad", "--source-disk", rig.base, "--diff"]
      let ran = try await KilnTerminal.run(words, in: rig.home) { kiln in
        try await kiln.waitFor("env:       HOME=/home/packer", within: .seconds(600))
        try await kiln.answer("before step 2", "r")
        try await kiln.waitFor("changed by step 2:", within: .seconds(240))
        try await kiln.waitFor("+ /opt/new (0 bytes)")
        try await kiln.answer("after step 2", "r")
        try await kiln.waitFor("after step 2", within: .seconds(240))
        try await kiln.waitFor("] ")
        try kiln.type("k")
      }
      #expect(ran.exit == 1, "\(ran.stderr)")
      #expect(ran.stderr.contains("`kiln gc --kept` removes it"))
      let seen = try await rig.kiln(["ssh", "latest", "cat /opt/order"])
      #expect(seen.stdout == "once\n", "\(seen.stderr)")
      #expect(try await rig.kiln(["gc", "--kept"]).exit == 0)
      #expect(try await rig.leftoverMachines() == [])
    }
  }

  private static func record(_ rig: VMRig) throws -> Record {
    try Record(String(contentsOfFile: "\(rig.run)/run.json", encoding: .utf8))
  }
}
