import Foundation
import Glibc
import TestSupport
import Testing

/// Runs in virtual machines that failed, were killed, or lost their host, and what goes on with them.
@Suite(.requiresBaseImage, .requires("/usr/bin/setsid"), .serialized, .timeLimit(.minutes(20)))
struct LocalResumeTests {
  /// All in one: each start of a machine costs half a minute where there is no KVM.
  @Test
  func `no step that was done runs again, whatever became of the run, its machine and its host`()
    async throws
  {
    try await VMRig.with { rig in
      try await Self.goOnInTheKeptMachine(rig)
      try await Self.goOnFromAState(rig)
      try await Self.goOnAfterARestartOfTheHost(rig)
      try await Self.watchAStep(rig)
      try await Self.leaveNothingByHandInAState(rig)
      try await Self.runAllAnew(rig)
      #expect(try await rig.kiln(["gc", "--kept"]).exit == 0)
      #expect(try await rig.leftoverMachines() == [])
    }
  }

  /// A step that notes each time that it runs, where images keep it.
  private static func counted(_ name: String, _ more: String...) -> Customizer {
    Customizer(name: name, inline: ["echo \(name) | sudo tee -a /opt/order >/dev/null"] + more)
  }

  private static let order = "echo order: $(cat /opt/order)"

  private static func goOnInTheKeptMachine(_ rig: VMRig) async throws {
    try rig.writeTemplate(
      counted("one"), counted("two", "test -e /opt/mended || exit 3"), counted("three", order))
    let failed = try await rig.build("--keep")
    try #require(failed.exit == 1, "\(failed.stderr)")
    #expect(try await rig.kiln(["ssh", "latest", "sudo touch /opt/mended"]).exit == 0)
    let resumed = try await rig.kiln(["resume", "latest"])
    #expect(resumed.exit == 0, "\(resumed.stderr)")
    #expect(resumed.stderr.contains("goes on in the virtual machine that was kept"))
    #expect(resumed.stderr.contains("| order: one two two three\n"), "\(resumed.stderr)")
    #expect(try await rig.leftoverMachines() == [])
    #expect(try await rig.states().count == 2, "none of a machine that was changed by hand")
  }

  private static func goOnFromAState(_ rig: VMRig) async throws {
    try rig.writeTemplate(counted("one"), counted("two", "exit 3"), counted("three"))
    #expect(try await rig.build().exit == 1)
    // The last step fails, too: an image costs time, and proves nothing more here.
    try rig.writeTemplate(counted("one"), counted("two"), counted("three", order, "exit 4"))
    let resumed = try await rig.kiln(["resume", "latest"])
    #expect(resumed.exit == 1)
    #expect(
      resumed.stderr.contains("1 steps are as they were then; step 2, Shell \"two\", is another"))
    #expect(resumed.stderr.contains("[1/4] Shell \"one\" cached"))
    #expect(resumed.stderr.contains("| order: one two three\n"), "\(resumed.stderr)")
  }

  /// Nothing is left but the disk: no process, no temporary file, and the host has another boot
  /// identity.
  private static func goOnAfterARestartOfTheHost(_ rig: VMRig) async throws {
    try rig.writeTemplate(
      counted("one"), counted("two"), counted("three", "echo under way", "sleep 999"))
    let killed = try await rig.build { kiln in
      try await waitUntil("the step", limit: .seconds(300)) {
        try kiln.said.contains("| under way") || kiln.hasEnded
      }
      kiln.send(SIGKILL)
      try rig.killMachine()
    }
    #expect(killed.exit == 137)
    let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    let path = try rig.run
    for file in ["run.json", "vm-build/process.json"] {
      let text = try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
      let before = boot.trimmingCharacters(in: .whitespacesAndNewlines)
      try #require(text.contains(before))
      try Data(text.replacing(before, with: UUID().uuidString.lowercased()).utf8)
        .write(to: URL(filePath: "\(path)/\(file)"))
    }
    try FileManager.default.removeItem(atPath: "\(path)/vm-build/monitor")
    try rig.writeTemplate(counted("one"), counted("two"), counted("three", order, "exit 4"))
    let resumed = try await rig.kiln(["resume", "latest"])
    #expect(resumed.exit == 1)
    #expect(resumed.stderr.contains("[2/4] Shell \"two\" cached"), "\(resumed.stderr)")
    #expect(resumed.stderr.contains("| order: one two three\n"), "\(resumed.stderr)")
    #expect(try await rig.leftoverMachines() == [])
  }

  /// How long it takes from a save to the first line of output, from the state before the step, is told.
  private static func watchAStep(_ rig: VMRig) async throws {
    func save(_ version: String) throws {
      let script = "echo version \(version)\n\(order)\necho watched >> /opt/order\n"
      try Data(script.utf8).write(to: URL(filePath: "\(rig.home)/w.sh"))
    }
    try save("A")
    try rig.writeTemplate(counted("one"), .script("w.sh", name: "watched"))
    let words = ["debug", "t.json", "--watch", "--source-disk", rig.base]
    let ran = try await rig.kiln(words) { kiln in
      try await waitUntil("the first time", limit: .seconds(300)) {
        try kiln.said.contains("waiting for a change") || kiln.hasEnded
      }
      for version in ["B", "C"] {
        try save(version)
        let saved = ContinuousClock.now
        try await waitUntil("version \(version)", limit: .seconds(240)) {
          try kiln.said.contains("| version \(version)") || kiln.hasEnded
        }
        let wait = ContinuousClock.now - saved
        FileHandle.standardError.write(Data("from save to first line: \(wait)\n".utf8))
        // Beside other work, and without KVM, it was 8 to 16 s.
        #expect(wait < .seconds(30))
        let turns = version == "B" ? 2 : 3
        try await waitUntil("its end", limit: .seconds(240)) {
          try kiln.said.ranges(of: "waiting for a change").count == turns || kiln.hasEnded
        }
      }
      kiln.send(SIGINT)
    }
    #expect(ran.exit == 130)
    #expect(ran.stderr.ranges(of: "| order: one\n").count == 3, "\(ran.stderr)")
    #expect(!ran.stderr.contains("order: one watched"))
  }

  private static func leaveNothingByHandInAState(_ rig: VMRig) async throws {
    let before = try await rig.states()
    try rig.writeTemplate(counted("one"), counted("other"))
    let words = ["debug", "t.json", "other", "--source-disk", rig.base]
    let ran = try await KilnTerminal.run(words, in: rig.home) { kiln in
      try await kiln.waitFor("before step 2", within: .seconds(240))
      try await kiln.waitFor("] ")
      try kiln.type("s")
      try await kiln.waitFor("a shell on the build VM")
      try kiln.type("sudo touch /opt/by-hand; exit")
      try await kiln.answer("before step 2", "r")
      try await kiln.answer("after step 2", "q")
    }
    #expect(ran.exit == 0, "\(ran.stderr)")
    #expect(ran.stderr.contains("no more states are kept: somebody was in"))
    #expect(try await rig.states() == before)
  }

  private static func runAllAnew(_ rig: VMRig) async throws {
    try rig.writeTemplate(counted("one", "echo ran anew"), counted("two", order, "exit 3"))
    #expect(try await rig.build().exit == 1)
    let ran = try await rig.build("--no-cache")
    #expect(ran.exit == 1)
    #expect(ran.stderr.contains("| ran anew"))
    #expect(!ran.stderr.contains("cached"), "\(ran.stderr)")
    #expect(ran.stderr.contains("| order: one two\n"))
    let next = try await rig.build()
    #expect(next.stderr.contains("[1/3] Shell \"one\" cached"), "the new state is there")
  }
}
