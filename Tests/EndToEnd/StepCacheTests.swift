import Foundation
import Glibc
import TestSupport
import Testing

/// Builds that begin in states which other builds kept.
@Suite(.requiresBaseImage, .serialized, .timeLimit(.minutes(20)))
struct StepCacheTests {
  /// All on the states of one first build: each start of a machine costs half a minute where there
  /// is no KVM.
  @Test func `a build begins where something changed, whatever became of the states meanwhile`()
    async throws
  {
    try await VMRig.with { rig in
      try await Self.bakeFirst(rig)
      try await Self.runTheLastStepAnew(rig)
      try await Self.changeTheLastStep(rig)
      try await Self.restartWhatGoesOn(rig)
      try await Self.damageAState(rig)
      try await Self.raceAndPrune(rig)
      try await Self.killAndResume(rig)
      try await Self.removeStates(rig)
    }
  }

  /// The last step fails each time: an image costs time, and proves nothing more here.
  ///
  /// The deprovision script is one of those files: one that was deleted stays deleted.
  @Test func `a state of disks alone is begun in by a start of the machine, with what was in /tmp`()
    async throws
  {
    try await VMRig.with { rig in
      for turn in ["first", "second"] {
        try rig.writeTemplate(
          .shell(
            "echo one | sudo tee -a /opt/order", "echo kept > /tmp/note", "sudo touch /run/memory",
            "rm /tmp/DeprovisioningScript.sh", name: "one"),
          .shell(
            "echo \(turn) $(cat /opt/order /tmp/note)", "ls /run/memory || true",
            "echo directories $(ls -d /var/tmp/.kiln-* | wc -l)",
            "[ -e /tmp/DeprovisioningScript.sh ] || echo no script", "exit 3", name: "two"))
        let ran = try await rig.build("--cache", "disk")
        #expect(ran.exit == 1)
        #expect(ran.stderr.contains("| \(turn) one kept\n"), "\(ran.stderr)")
        #expect(ran.stderr.contains("[1/3] Shell \"one\" cached") == (turn == "second"))
        #expect(ran.stderr.contains("| /run/memory\n") == (turn == "first"), "it was started anew")
        #expect(ran.stderr.contains("| directories 1\n"))
        #expect(ran.stderr.contains("| no script\n"))
      }
      let sizes = try await rig.kiln(["cache", "ls", "--json"]).stdout
      #expect(
        sizes.contains(#""form" : "disk""#) && !sizes.contains(#""form" : "live""#), "\(sizes)")
      #expect(try await rig.states().first == "1. Shell \"one\"")
      #expect(try await rig.leftoverMachines() == [])
    }
  }

  /// Steps that count how often they run, on the guest and in what they make.
  private static func write(_ last: String..., to rig: VMRig) throws {
    try write(last, #"[{"type": "VHD", "runOutputName": "disk"}]"#, to: rig)
  }

  private static func write(_ last: [String], _ distribute: String, to rig: VMRig) throws {
    try rig.writeTemplate(
      .shell("echo one | sudo tee /opt/order", "echo kept > /tmp/note", name: "one"),
      .shell("echo two | sudo tee -a /opt/order", name: "two"),
      .shell("echo three | sudo tee -a /opt/order", "cat /tmp/note", name: "three"),
      Customizer(name: "four", inline: last), distribute: distribute)
  }

  /// A last step that makes a link, a user, and a package as dpkg knows it.
  private static func write(imageTo output: String, _ rig: VMRig) throws {
    let control =
      #"Package: made\nVersion: 1\nArchitecture: all\nMaintainer: me <m@e>\nDescription: x"#
    let steps = [
      "echo $(cat /opt/order)", "sudo ln -s order /opt/link", "sudo useradd -m somebody",
      "mkdir -p /tmp/made/DEBIAN /tmp/made/opt/made",
      "printf '\(control)\\n' > /tmp/made/DEBIAN/control",
      "dpkg-deb -b /tmp/made /tmp/made.deb", "sudo dpkg -i /tmp/made.deb", "rm -r /tmp/made*",
    ]
    try write(
      steps, #"[{"type": "VHD", "runOutputName": "disk", "uri": "\#(output)"}]"#, to: rig)
  }

  private static func bakeFirst(_ rig: VMRig) async throws {
    try write(imageTo: "first.vhd", rig)
    let ran = try await rig.build()
    try #require(ran.exit == 0, "\(ran.stderr)")
    #expect(ran.stderr.contains("| one two three\n"))
    #expect(
      try await rig.states() == [
        "4. Shell \"four\"", "3. Shell \"three\"", "2. Shell \"two\"", "1. Shell \"one\"",
        "0. the system, before the first step",
      ])
    #expect(try await rig.leftoverMachines() == [])
  }

  /// The image that began in a kept state must be the one that was made from the source.
  private static func runTheLastStepAnew(_ rig: VMRig) async throws {
    try write(imageTo: "second.vhd", rig)
    let ran = try await rig.build("--no-cache-from", "four")
    try #require(ran.exit == 0, "\(ran.stderr)")
    #expect(ran.stderr.contains("[3/5] Shell \"three\" cached"))
    #expect(ran.stderr.contains("[4/5] Shell \"four\": "))
    #expect(ran.stderr.contains("| one two three\n"))
    let compare = "\(packageRoot)/scripts/compare-images"
    let compared = try await run(compare, ["\(rig.home)/first.vhd", "\(rig.home)/second.vhd"])
    #expect(compared.exit == 0 && compared.stdout == "", "\(compared)")
  }

  /// Time, random numbers, and the directory and sessions of the run that kept the state.
  private static let look = [
    "echo $(cat /opt/order)", "echo random $(od -An -N8 -tx8 /dev/urandom)",
    "echo clock $(date +%s)", "echo directories $(ls -d /var/tmp/.kiln-* | wc -l)",
    "echo sessions $(pgrep -u packer -c '^sshd')",
  ]

  private static func changeTheLastStep(_ rig: VMRig) async throws {
    var random: Set<Substring> = []
    for turn in 1...2 {
      try rig.writeTemplate(
        .shell("echo one | sudo tee /opt/order", "echo kept > /tmp/note", name: "one"),
        .shell("echo two | sudo tee -a /opt/order", name: "two"),
        .shell("echo three | sudo tee -a /opt/order", "cat /tmp/note", name: "three"),
        Customizer(name: "four", inline: look + ["true \(turn)"]))
      let ran = try await rig.build()
      try #require(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("[3/5] Shell \"three\" cached"))
      #expect(ran.stderr.contains("| one two three\n"))
      let clock = try #require(ran.stderr.firstMatch(of: /\| clock (\d+)/)?.1)
      #expect(abs(Date().timeIntervalSince1970 - (Double(clock) ?? 0)) < 120)
      random.insert(try #require(ran.stderr.firstMatch(of: /\| random (\w+)/)?.1))
      #expect(ran.stderr.contains("| directories 1\n"))
      #expect(ran.stderr.contains("| sessions 1\n"))
    }
    #expect(random.count == 2, "each start draws its own")
  }

  /// The agent that listened ends with the system; the last step fails, since no image is needed.
  private static func restartWhatGoesOn(_ rig: VMRig) async throws {
    try rig.writeTemplate(
      .shell("echo one | sudo tee /opt/order", "echo kept > /tmp/note", name: "one"),
      .shell("echo two | sudo tee -a /opt/order", name: "two"),
      .shell("echo three | sudo tee -a /opt/order", "cat /tmp/note", name: "three"),
      .shell("echo four | sudo tee -a /opt/order", "sudo reboot", name: "four"),
      .shell("echo $(cat /opt/order)", "exit 3", name: "five"))
    for cached in [3, 4] {
      let ran = try await rig.build()
      #expect(ran.exit == 1, "\(ran.stderr)")
      #expect(
        ran.stderr.contains("[\(cached)/6] Shell \"\(cached == 3 ? "three" : "four")\" cached"))
      #expect(ran.stderr.contains("| one two three four\n"), "\(ran.stderr)")
      #expect(!ran.stderr.contains("nobody listens"))
    }
  }

  private static func damageAState(_ rig: VMRig) async throws {
    let path = try await rig.layer(after: "3. Shell \"three\"") + "/memory.new.zst"
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.seek(toOffset: 4096)
    let byte = try #require(try file.read(upToCount: 1)?.first)
    try file.seek(toOffset: 4096)
    try file.write(contentsOf: [byte ^ 1])
    try file.close()
    try write("echo $(cat /opt/order)", "true damaged", to: rig)
    let ran = try await rig.build()
    #expect(ran.exit == 0, "\(ran.stderr)")
    #expect(ran.stderr.contains("memory.new.zst` is not what was written; the state is forgotten"))
    #expect(ran.stderr.contains("[2/5] Shell \"two\" cached"))
    #expect(ran.stderr.contains("[3/5] Shell \"three\": "))
    #expect(ran.stderr.contains("| one two three\n"))
  }

  private static func raceAndPrune(_ rig: VMRig) async throws {
    try write("echo $(cat /opt/order)", "echo $(date +%s) | sudo tee /opt/when", to: rig)
    async let first = rig.build()
    let second = try await rig.build { kiln in
      try await waitUntil("the last step", limit: .seconds(300)) {
        try kiln.said.contains("| one two three\n") || kiln.hasEnded
      }
      let prune = try await rig.kiln(["cache", "prune", "--limit", "0"])
      #expect(prune.exit == 0, "\(prune.stderr)")
    }
    let both = [try await first, second]
    for ran in both {
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("[3/5] Shell \"three\" cached"))
    }
  }

  private static func killAndResume(_ rig: VMRig) async throws {
    try write("echo under way", "test -e /opt/when || sleep 1000", to: rig)
    for victim in ["kiln", "qemu"] {
      let ran = try await rig.build { kiln in
        try await waitUntil("the step", limit: .seconds(300)) {
          try kiln.said.contains("| under way") || kiln.hasEnded
        }
        if victim == "kiln" { kiln.send(SIGKILL) } else { try rig.killMachine() }
      }
      #expect(ran.exit != 0)
      // What the step waited for is not there in a machine that began anew, so it is changed.
      try write("echo $(cat /opt/order)", "true \(victim)", to: rig)
      let resumed = try await rig.kiln(["resume", "latest"])
      #expect(resumed.exit == 0, "\(resumed.stderr)")
      #expect(resumed.stderr.contains("[3/5] Shell \"three\" cached"), "\(resumed.stderr)")
      #expect(resumed.stderr.contains("| one two three\n"))
      try write("echo under way", "test -e /opt/when || sleep 1000", to: rig)
    }
    #expect(try await rig.leftoverMachines() == [])
  }

  private static func removeStates(_ rig: VMRig) async throws {
    let info = try await rig.kiln(["cache", "info"])
    #expect(info.stdout.contains("cache/kiln/steps"))
    let prune = try await rig.kiln(["cache", "prune", "--limit", "0"])
    #expect(prune.exit == 0)
    #expect(try await rig.states() == [])
    let left = try await run("find", ["\(rig.home)/cache/kiln/steps", "-type", "f", "-size", "+0"])
    #expect(left.stdout == "", "no key, no memory, no disk is left")
  }
}

extension VMRig {
  private struct State: Decodable {
    let key: String
    let step: String
  }

  /// After which steps states are kept, the newest first.
  func states() async throws -> [String] {
    let listed = try await kiln(["cache", "ls", "--json"])
    return try JSONDecoder().decode([State].self, from: Data(listed.stdout.utf8)).map(\.step)
  }

  /// The directory of the state after a step.
  func layer(after step: String) async throws -> String {
    let listed = try await kiln(["cache", "ls", "--json"])
    let states = try JSONDecoder().decode([State].self, from: Data(listed.stdout.utf8))
    let key = try #require(states.first { $0.step == step }).key
    let link = "\(home)/cache/kiln/steps/keys/\(key)"
    return URL(filePath: link).resolvingSymlinksInPath().path
  }

  /// Kills the QEMU of the run that goes on.
  func killMachine() throws {
    let text = try String(contentsOfFile: "\(run)/vm-build/process.json", encoding: .utf8)
    let number = try #require(text.firstMatch(of: /"pid"\s*:\s*(\d+)/)?.1)
    kill(try #require(Int32(number)), SIGKILL)
  }
}
