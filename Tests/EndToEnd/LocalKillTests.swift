import Foundation
import Glibc
import TestSupport
import Testing

/// Bakes in virtual machines that are killed at moments that chance chooses.
@Suite(.requiresBaseImage, .timeLimit(.minutes(30)))
struct LocalKillTests {
  /// `KILN_KILL_SEED`, or one by chance: it is told, so that a failure can be had again.
  private let seed =
    ProcessInfo.processInfo.environment["KILN_KILL_SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 0..<1_000_000)
  /// Whether `KILN_KILL_ALL` asks for all twenty moments: they take a quarter of an hour.
  private static let all = ProcessInfo.processInfo.environment["KILN_KILL_ALL"] != nil

  /// Late moments cost a whole bake each, so that most runs have two of them.
  @Test func `gc leaves nothing of a build that was killed, and the next one succeeds`()
    async throws
  {
    var chance = Chance(seed: seed)
    FileHandle.standardError.write(Data("kill moments: KILN_KILL_SEED=\(seed)\n".utf8))
    try await VMRig.with { rig in
      for moment in Self.moments(&chance) {
        let validators = KillMoment.validating.contains { "\($0)" == "\(moment)" }
        try Self.write(rig, validators ? [.shell("test -e /opt/one", name: "proof")] : [])
        let before = try rig.runs
        let ran = try await rig.build { kiln in
          try await moment.kill(kiln, events: { try rig.events(since: before) }, &chance)
        }
        #expect([0, 137].contains(ran.exit), "seed \(seed), \(moment): \(ran.stderr)")
        // The programs of a build end with it, which takes them a moment.
        try await waitUntil("qemu-img to end", limit: .seconds(5)) {
          try await !rig.leftoverMachines().contains { $0.contains("qemu-img") }
        }
        let gc = try await rig.kiln(["gc"])
        #expect(gc.exit == 0, "seed \(seed), \(moment): \(gc.stderr)")
        let left = try await rig.leftoverMachines()
        #expect(left == [], "seed \(seed), \(moment)")
        #expect(try rig.strayStates() == [], "seed \(seed), \(moment)")
        let states = try await rig.kiln(["runs"]).stdout
        #expect(!states.contains("interrupted"), "seed \(seed), \(moment): \(states)")
      }
      try Self.write(rig, [])
      let ran = try await rig.build()
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(try await rig.kiln(["images"]).stdout.contains("g/i/"))
      #expect((try await rig.leftoverMachines()) == [])
    }
  }

  private static func moments(_ chance: inout Chance) -> [KillMoment] {
    let late = KillMoment.customizing + KillMoment.validating + KillMoment.distributing
    if all { return KillMoment.early + late }
    return KillMoment.early
      + [KillMoment.customizing, KillMoment.distributing].compactMap {
        $0.randomElement(using: &chance)
      }
  }

  private static func write(_ rig: VMRig, _ validators: [Customizer]) throws {
    try rig.writeTemplate(
      .shell("echo under way", "sudo touch /opt/one", name: "one"), .shell("true", name: "two"),
      validators: validators, distribute: VMRig.everywhere)
  }
}
