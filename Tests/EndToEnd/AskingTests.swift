import Foundation
import Glibc
import TestSupport
import Testing

/// Somebody at the terminal who is asked how a build goes on.
@Suite(.timeLimit(.minutes(3)), .requiresRoot, .requires("/usr/bin/setsid"))
struct AskingTests {
  private let question = "g  give up"

  @Test func `a step that failed runs again as the file now is, and no other does`() async throws {
    try await Rig.with { rig in
      let ran = rig.path("ran")
      try rig.write("echo bad >> \(ran); exit 7\n", to: "a.sh")
      try rig.writeTemplate(
        .shell("echo one >> \(ran)", name: "one"), .script("a.sh", name: "two"),
        .shell("echo three >> \(ran)", name: "three"))
      let first = try await rig.atTerminal("--on-failure", "ask", "--script-user", "login") {
        kiln in
        try await kiln.waitFor("failed with exit code 7 (t.json:")
        try rig.write("echo good >> \(ran)\n", to: "a.sh")
        try rig.writeTemplate(
          .shell("echo ONE >> \(ran)", name: "one"), .script("a.sh", name: "two"),
          .shell("echo THREE >> \(ran)", name: "three"))
        try await kiln.answer(question, "r")
        try await kiln.waitFor("warning: step 1 has changed, too")
        try await kiln.waitFor("the step runs again on what is there")
      }
      #expect(first.exit == 0, "\(first.stderr)")
      #expect(try rig.text(ran.replacing(rig.home + "/", with: "")) == "one\nbad\ngood\nTHREE\n")
      #expect(
        try rig.record.results.map { "\($0.number).\($0.attempt) \($0.outcome)" }
          == ["1.1 succeeded", "2.1 failed", "2.2 succeeded", "3.1 succeeded"])
      let hashes = try rig.record.results.filter { $0.number == 2 }.map(\.sha256)
      #expect(Set(hashes).count == 2, "each attempt tells what it ran")
      let sum = try await run("sha256sum", [rig.path("t.json")]).stdout.prefix(64)
      #expect(try rig.record.templateSHA256 == sum)
      #expect(try rig.file("journal.jsonl").contains(#""job":"step-2.2""#))
      #expect(try rig.file("events.jsonl").contains(#""type":"stepRetried""#))
      let log = try rig.file("customization.log")
      #expect(log.contains("Retrying step 2 of 3, attempt 2"))
      #expect(first.stderr.contains(/2 +two +Shell .*succeeded \(attempt 2\)/))
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a step that failed is passed over by request, and the record says so`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(
        .shell("exit 3", name: "bad"), .shell("touch \(rig.path("next"))", name: "next"))
      let ran = try await rig.atTerminal("--on-failure", "ask") { kiln in
        try await kiln.answer(question, "c")
      }
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(try rig.text("next") != nil)
      #expect(try rig.record.outcomes == ["passedOver", "succeeded"])
      #expect(ran.stderr.contains("failed, passed over"))
    }
  }

  @Test func `giving up ends as a failure does without asking`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("exit 3", name: "bad"), .shell("true"))
      let ran = try await rig.atTerminal("--on-failure", "ask") { kiln in
        try await kiln.answer(question, "x")
        try await kiln.waitFor("`x` is none of them")
        try await kiln.waitFor("] ")
        try kiln.type("g")
      }
      #expect(ran.exit == 1)
      #expect(try rig.record.state == "Failed")
      #expect(try rig.record.errors.first?.contains("failed with exit code 3") == true)
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a shell and the log are there before the answer`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("echo the output", "exit 3", name: "bad"))
      let ran = try await rig.atTerminal("--on-failure", "ask") { kiln in
        try await kiln.answer(question, "s")
        try await kiln.waitFor("a shell on \(rig.server.user)@127.0.0.1; `exit` comes back here")
        try kiln.type("echo in the $(echo shell) > \(rig.path("shell")); exit")
        try await kiln.answer(question, "l")
        try await kiln.waitFor("azure-arm: the output")
        try await kiln.answer(question, "g")
      }
      #expect(ran.exit == 1)
      #expect(try rig.text("shell") == "in the shell\n", "\(ran.stderr)")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a template that now has other steps is refused, and the question comes again`()
    async throws
  {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("exit 3", name: "bad"))
      let ran = try await rig.atTerminal("--on-failure", "ask") { kiln in
        try await kiln.waitFor(question)
        try rig.writeTemplate(.shell("true", name: "bad"), .shell("true", name: "more"))
        try await kiln.waitFor("] ")
        try kiln.type("r")
        try await kiln.waitFor(
          "error: could not go on with `t.json` as it now is: it had 1 steps, and now has 2")
        try await kiln.waitFor(question)
        try rig.write("{", to: "t.json")
        try await kiln.waitFor("] ")
        try kiln.type("r")
        try await kiln.waitFor("error: could not use the template `t.json`: see above")
        try await kiln.answer(question, "g")
      }
      #expect(ran.exit == 1)
    }
  }

  @Test func `a signal while the question stands ends the build and cleans up`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("exit 3", name: "bad"))
      let ran = try await rig.atTerminal("--on-failure", "ask") { kiln in
        try await kiln.waitFor(question)
        try await kiln.waitFor("] ")
        kiln.send(SIGTERM)
      }
      #expect(ran.exit == 143, "\(ran.stderr)")
      #expect(try rig.record.state == "Canceled")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `the end of input is no answer, and gives up`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("exit 3", name: "bad"))
      let ran = try await rig.atTerminal("--on-failure", "ask") { kiln in
        try await kiln.answer(question, "\u{4}")
      }
      #expect(ran.exit == 1, "\(ran.stderr)")
    }
  }

  @Test func `nobody is asked without a terminal`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("exit 3", name: "bad"))
      let ran = try await rig.build("--on-failure", "ask")
      #expect(ran.exit == 1)
      #expect(!ran.stderr.contains(question))
      try expectRefusal(try await rig.build("--step"), exit: 2, "step-no-terminal")
    }
  }

  @Test func `each step is asked for, left out, or run with all that follow`() async throws {
    try await Rig.with { rig in
      let ran = rig.path("ran")
      try rig.writeTemplate(
        .shell("echo 1 >> \(ran)", name: "a"), .shell("echo 2 >> \(ran)", name: "b"),
        .shell("echo 3 >> \(ran)", name: "c"), .shell("echo 4 >> \(ran)", name: "d"))
      let end = try await rig.atTerminal("--step") { kiln in
        try await kiln.answer("next: step 1, Shell \"a\"", "")
        try await kiln.answer("next: step 2, Shell \"b\"", "n")
        try await kiln.answer("next: step 3, Shell \"c\"", "a")
      }
      #expect(end.exit == 0, "\(end.stderr)")
      #expect(try rig.text("ran") == "1\n3\n4\n")
      #expect(try rig.record.outcomes == ["succeeded", "skipped", "succeeded", "succeeded"])
    }
  }

  @Test func `a build that is given up between its steps was stopped by request`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("true", name: "a"), .shell("touch \(rig.path("b"))", name: "b"))
      let end = try await rig.atTerminal("--step") { kiln in
        try await kiln.answer("next: step 1", "y")
        try await kiln.answer("next: step 2", "g")
      }
      #expect(end.exit == 1)
      #expect(try rig.record.state == "Canceled")
      #expect(try rig.record.errors == ["the build was ended by request before step 2"])
      #expect(try rig.text("b") == nil)
      try await rig.expectCleanGuest()
    }
  }
}
