import Foundation
import Glibc
import TestSupport
import Testing

/// One step of a template, again and again.
@Suite(.timeLimit(.minutes(3)), .requiresRoot, .requires("/usr/bin/setsid"))
struct DebugTests {
  @Test func `a step is looked at, run, changed and run again, and those before it run once`()
    async throws
  {
    try await Rig.with { rig in
      let ran = rig.path("ran")
      try rig.write("echo bad >> \(ran); exit 7\n", to: "a.sh")
      try rig.writeTemplate(
        .shell("echo one >> \(ran)", name: "one"), .script("a.sh", name: "two"),
        .shell("echo never >> \(ran)", name: "three"))
      let end = try await rig.debugging("two", "--script-user", "login") { kiln in
        try await kiln.waitFor("step 2, Shell \"two\": a.sh")
        try await kiln.waitFor("user:      uid=")
        try await kiln.waitFor("env:       HOME=\(rig.home(of: rig.server.user))")
        try await kiln.answer("before step 2", "r")
        try await kiln.waitFor("exit code 7")
        try await kiln.waitFor("after step 2")
        try rig.write("echo good >> \(ran)\n", to: "a.sh")
        try await kiln.waitFor("] ")
        try kiln.type("r")
        try await kiln.waitFor("succeeded after")
        try await kiln.answer("after step 2", "q")
      }
      #expect(end.exit == 0, "\(end.stderr)")
      #expect(try rig.text("ran") == "one\nbad\ngood\n")
      #expect(try rig.record.state == "Succeeded")
      #expect(
        try rig.record.results.map { "\($0.number).\($0.attempt) \($0.outcome)" }
          == ["3.1 skipped", "1.1 succeeded", "2.1 failed", "2.2 succeeded"])
      try await rig.expectCleanGuest()
    }
  }

  @Test func `whoever ends before the step has run has not failed`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("touch \(rig.path("ran"))"))
      let end = try await rig.debugging { kiln in try await kiln.answer("before step 1", "q") }
      #expect(end.exit == 0, "\(end.stderr)")
      #expect(try rig.text("ran") == nil)
      #expect(try rig.record.state == "Canceled")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a saved script runs again within five seconds`() async throws {
    try await Rig.with { rig in
      try rig.write("echo first version\n", to: "a.sh")
      try rig.writeTemplate(.shell("echo once >> \(rig.path("once"))"), .script("a.sh"))
      let words = ["debug", "t.json", "--on", rig.target, "--watch"] + rig.login
      let ran = try await rig.kiln(words) { kiln in
        try await kiln.waitUntilSays("| first version")
        try await kiln.waitUntilSays("waiting for a change of the step")
        // As most editors save: another file takes the name.
        try rig.write("echo second version\n", to: "a.sh~")
        let saved = ContinuousClock.now
        try #require(rename(rig.path("a.sh~"), rig.path("a.sh")) == 0)
        try await kiln.waitUntilSays("| second version")
        #expect(ContinuousClock.now - saved < .seconds(5))
        // A template that is broken for a moment ends nothing.
        let template = try #require(try rig.text("t.json"))
        try rig.write("{", to: "t.json")
        try await kiln.waitUntilSays("error: could not use the template `t.json`: see above")
        try rig.write(template, to: "t.json")
        try rig.write("echo third version; exit 4\n", to: "a.sh")
        try await kiln.waitUntilSays("| third version")
        try await kiln.waitUntilSays("failed after")
        kiln.send(SIGINT)
      }
      #expect(ran.exit == 130, "\(ran.stderr)")
      #expect(try rig.text("once") == "once\n")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `what a step changed on the disk is told`() async throws {
    try await Rig.with { rig in
      for name in ["disk/changed", "disk/gone", "disk/same"] {
        try FileManager.default.createDirectory(
          atPath: rig.path("disk"), withIntermediateDirectories: true)
        try rig.write("old\n", to: name)
      }
      let disk = rig.path("disk")
      try rig.write(
        """
        cd '\(disk)'
        echo new > changed; rm gone; mkdir -p made/deep; echo 12345 > made/deep/file
        ln -s same link; chmod 600 same; echo x > 'a name
        with a line'

        """, to: "a.sh")
      try rig.writeTemplate(.script("a.sh"))
      let ran = try await rig.kiln(
        ["debug", "t.json", "--on", rig.target, "--diff", "--diff-path", disk] + rig.login)
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(
        ran.stdout.replacing(disk, with: "D") == """
          changed by step 1:
            + D/a name\\x0Awith a line (2 bytes)
            + D/link -> same (0 bytes)
            + D/made/ (2 in it, 6 bytes)
            ~ D/changed (content)
            ~ D/same (access)
            - D/gone (4 bytes)

          """)
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a step that fails before the chosen one ends it`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("exit 3", name: "early"), .shell("true", name: "late"))
      let ran = try await rig.kiln(["debug", "t.json", "--on", rig.target] + rig.login)
      #expect(ran.exit == 1)
      #expect(ran.stderr.contains("step 1 of 2, Shell \"early\", failed with exit code 3"))
    }
  }

  @Test(arguments: [
    ("debug-no-step", ["lat"]), ("debug-only", ["--only", "late"]),
    ("debug-diff-path", ["--diff", "--diff-path", "etc"]),
  ])
  func `what has no meaning is refused`(_ name: String, _ options: [String]) async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("true", name: "early"), .shell("true", name: "late"))
      let ran = try await rig.kiln(
        ["debug", "t.json"] + options + ["--on", rig.target] + rig.login)
      try expectRefusal(ran, exit: 2, name)
    }
  }
}

extension Rig {
  /// Debugs a step of the template `t.json` with somebody at the terminal.
  fileprivate func debugging(
    _ options: String..., body: (KilnTerminal) async throws -> Void
  ) async throws -> KilnEnd {
    try await KilnTerminal.run(
      ["debug", "t.json"] + options + ["--on", target] + login, in: home, body)
  }

  /// The home directory of a user of the machine.
  fileprivate func home(of user: String) -> String {
    getpwnam(user).map { String(cString: $0.pointee.pw_dir) } ?? ""
  }
}
