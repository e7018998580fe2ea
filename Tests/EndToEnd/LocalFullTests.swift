import Foundation
import TestSupport
import Testing

/// Bakes in virtual machines whose host runs out of room.
@Suite(.requiresBaseImage, .requiresMounts, .timeLimit(.minutes(20)))
struct LocalFullTests {
  /// Enough for a build to begin.
  private static let enough = 3 << 30
  private static let few = 4 << 20
  /// Not enough for a machine's memory.
  private static let some = 24 << 20
  /// In MiB: more than that, and than what a state that can't be kept gives back.
  private static let tooMuch = 800

  /// Two in one, as below.
  @Test func `a disk that fills up while a state is kept, and while the guest writes, is told`()
    async throws
  {
    try await VMRig.with { rig in
      try await SmallDisk.with(bytes: Self.enough) { disk in
        let small = Customizer.shell(
          "echo under way", "sleep 4",
          "echo small | sudo tee -a /opt/order", name: "small")
        try rig.writeTemplate(
          small,
          .shell(
            "echo goes on", "dd if=/dev/urandom of=big bs=1M count=\(Self.tooMuch)", "sync",
            "sleep 1000", name: "large"))
        // The VM's disks are among the kept states.
        let state = ["XDG_STATE_HOME": disk, "XDG_CACHE_HOME": disk]
        let ran = try await rig.build(environment: state) { kiln in
          try await waitUntil("the step", limit: .seconds(300)) {
            try kiln.said.contains("| under way")
          }
          try SmallDisk.leave(Self.some, freeOn: disk)
        }
        // The state before the step may not have been compressed yet.
        let warning = try Regex(
          "warning: the state (before the first step|after step 1) is not kept, nor later ones: "
            + "could not write `.*/memory[^/]*`: the disk is (nearly )?full")
        #expect(ran.stderr.contains(warning), "\(ran.stderr)")
        #expect(ran.stderr.contains("| goes on"))
        #expect(ran.exit == 4, "\(ran.stderr)")
        #expect(ran.stderr.contains("the host's disk is full"), "\(ran.stderr)")
        #expect(ran.stderr.contains("hint: free some disk space"))
        #expect((try await rig.leftoverMachines(and: disk)) == [])
        let shown = try await rig.kiln(["show", "latest"], environment: state)
        #expect(shown.stdout.contains("Failed"), "\(shown)")
        #expect(try await rig.kiln(["gc"], environment: state).exit == 0)
        try SmallDisk.leave(Self.enough, freeOn: disk)
        try rig.writeTemplate(small, .shell("echo $(cat /opt/order)", "exit 3", name: "look"))
        let again = try await rig.build(environment: state)
        #expect(again.stderr.contains("[2/3] Shell \"look\""), "\(again.stderr)")
        #expect(again.stderr.contains("| small\n"), "what was not kept whole is not begun in")
        #expect(!again.stderr.contains("| small small"))
        #expect(try rig.strayStates(in: disk) == [])
      }
    }
  }

  /// Two in one: each bake costs a minute where there is no KVM.
  @Test func `a disk that is full for one output leaves the others; a deleted script is warned of`()
    async throws
  {
    try await VMRig.with { rig in
      try await SmallDisk.with(bytes: Self.enough) { disk in
        try rig.writeTemplate(
          .shell("rm /tmp/DeprovisioningScript.sh", name: "careless"),
          distribute: VMRig.everywhere.replacing("out.vhd", with: "\(disk)/out.vhd"))
        let ran = try await rig.build { kiln in
          try await waitUntil("the last step", limit: .seconds(300)) {
            try kiln.said.contains("[2/2] Deprovision")
          }
          try SmallDisk.leave(Self.few, freeOn: disk)
        }
        let log = try String(contentsOfFile: "\(rig.run)/customization.log", encoding: .utf8)
        #expect(
          log.contains(
            "Deprovisioning script [/tmp/DeprovisioningScript.sh] could not be found. Image build "
              + "may fail"))
        #expect(ran.exit == 3, "\(ran.stderr)")
        #expect(ran.stderr.contains(": the disk is full"), "\(ran.stderr)")
        #expect(ran.stderr.contains("PartiallySucceeded"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == [])
        let images = try await rig.kiln(["images"]).stdout
        #expect(images.contains("baked") && images.contains("g/i/"), "\(images)")
        #expect((try await rig.leftoverMachines(and: disk)) == [])
        #expect(try await rig.kiln(["gc"]).stderr.contains("0 runs cleaned up, 0 left"))
      }
    }
  }
}
