import Foundation
import TestSupport
import Testing

/// Builds of which only some steps run.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct SelectionTests {
  @Test func `what is left out does not run, and all that tells of the run says so`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(
        .shell("echo one >> \(rig.path("ran"))", name: "install"),
        .script("no-such-script.sh", name: "broken"),
        .shell("echo three >> \(rig.path("ran"))", name: "nginx"),
        .shell("echo four >> \(rig.path("ran"))", name: "clean-up"))
      let ran = try await rig.build("--skip", "broken", "4", "--until", "clean*")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(try rig.text("ran") == "one\nthree\n")
      #expect(ran.stderr.contains("left out: step 2, 4; what the build makes says so of itself"))
      #expect(ran.stderr.contains("[2/4] Shell \"broken\" skipped: left out by the command line"))
      #expect(ran.stderr.contains(/4 +clean-up +Shell +- +- +skipped/))
      let outcomes = try rig.record.results.sorted { $0.number < $1.number }.map(\.outcome)
      #expect(outcomes == ["succeeded", "skipped", "succeeded", "skipped"])
      #expect(
        try rig.file("customization.log").contains("skipping shell (step 2 of 4, Shell \"broken\""))
      #expect(
        try rig.file("events.jsonl").components(separatedBy: #""outcome":"skipped""#).count == 3)
      #expect(try await rig.kiln(["show", "latest"]).stdout.contains(/2 +broken .*skipped/))
    }
  }

  @Test func `a plan shows what is left out`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("true", name: "a"), .shell("true", name: "b"))
      let words = ["plan", "t.json", "--on", rig.target, "--only", "b"]
      let shown = try await rig.kiln(words)
      #expect(shown.stdout.contains("[1/2] Shell \"a\": left out\n  [2/2] Shell \"b\": true"))
      let json = try await rig.kiln(words + ["--json"]).stdout
      #expect(json.contains(#""skipped" : true"#))
    }
  }

  @Test func `a customizer that can't run here can be left out`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(
        Customizer(type: "PowerShell", name: "windows", inline: ["dir"]), .shell("true"))
      #expect(try await rig.build("--from", "2").exit == 0)
    }
  }

  @Test(arguments: [
    ("selection-misspelt", ["--only", "ngnix"]), ("selection-number", ["--skip", "9"]),
    ("selection-order", ["--from", "2", "--until", "1"]), ("selection-nothing", ["--skip", "*"]),
  ])
  func `steps that there are not are refused with those that there are`(
    _ name: String, _ options: [String]
  ) async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("true", name: "install"), .shell("true", name: "nginx"))
      let ran = try await rig.kiln(["build", "t.json", "--on", rig.target] + rig.login + options)
      try expectRefusal(ran, exit: 2, name)
      #expect(try rig.runs.isEmpty)
    }
  }
}
