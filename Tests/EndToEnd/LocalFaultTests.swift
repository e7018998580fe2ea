import Foundation
import Glibc
import TestSupport
import Testing

/// Bakes in virtual machines that something goes wrong with.
@Suite(.requiresBaseImage, .serialized, .timeLimit(.minutes(20)))
struct LocalFaultTests {
  private let long = Customizer.shell("echo under way", "sleep 1000", name: "long")

  @Test func `a QEMU that is killed ends the build in seconds, with the console's last words`()
    async throws
  {
    try await VMRig.with { rig in
      try rig.writeTemplate(long)
      var killed = ContinuousClock.now
      let ran = try await rig.build { kiln in
        try await waitUntil("the step", limit: .seconds(300)) {
          try kiln.said.contains("| under way")
        }
        let text = try String(contentsOfFile: "\(rig.run)/vm-build/process.json", encoding: .utf8)
        let number = try #require(text.firstMatch(of: /"pid"\s*:\s*(\d+)/)?.1)
        kill(try #require(Int32(number)), SIGKILL)
        killed = .now
      }
      #expect(ContinuousClock.now - killed < .seconds(10))
      #expect(ran.exit == 4)
      #expect(ran.stderr.contains("QEMU was ended by signal 9"), "\(ran.stderr)")
      #expect(ran.stderr.contains("the last lines of the console:"))
      #expect((try await rig.leftoverMachines()) == [])
    }
  }

  @Test func `a kernel that crashes ends the build in seconds, with its last words`() async throws {
    try await VMRig.with { rig in
      try rig.writeTemplate(
        .shell(
          "echo under way", "sleep 3", "echo c | sudo tee /proc/sysrq-trigger", "sleep 1000"))
      var crashed = ContinuousClock.now
      let ran = try await rig.build { kiln in
        try await waitUntil("the step", limit: .seconds(300)) {
          try kiln.said.contains("| under way")
        }
        crashed = .now
      }
      #expect(ContinuousClock.now - crashed < .seconds(15))
      #expect(ran.exit == 4)
      #expect(ran.stderr.contains("the kernel of the virtual machine crashed"), "\(ran.stderr)")
      #expect(ran.stderr.contains("Kernel panic - not syncing: sysrq triggered crash"))
      #expect((try await rig.leftoverMachines()) == [])
    }
  }

  @Test func `a failed step keeps the machine where that is asked for, and ssh gets into it`()
    async throws
  {
    try await VMRig.with { rig in
      try rig.writeTemplate(
        .shell("rm /tmp/DeprovisioningScript.sh", "echo here > where", "exit 3", name: "broken"))
      let ran = try await rig.build("--keep")
      #expect(ran.exit == 1)
      #expect(ran.stderr.contains("`kiln ssh "), "\(ran.stderr)")
      let shell = try await rig.kiln(["ssh", "latest", "cat", "where"])
      #expect(shell.stdout == "here\n", "\(shell.stderr)")
      let gc = try await rig.kiln(["gc"])
      #expect(gc.exit == 0)
      #expect(!(try await rig.leftoverMachines()).isEmpty, "what was kept stays")
      let all = try await rig.kiln(["gc", "--kept"])
      #expect(all.exit == 0, "\(all.stderr)")
      #expect((try await rig.leftoverMachines()) == [])
    }
  }
}
