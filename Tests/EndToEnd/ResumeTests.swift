import Foundation
import Glibc
import TestSupport
import Testing

/// Runs on a machine of one's own that failed or were killed, and what goes on with them.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct ResumeTests {
  /// A step that notes each time that it runs.
  private static func counted(_ name: String, _ more: String...) -> Customizer {
    Customizer(name: name, inline: ["echo \(name) >> $HOME/order"] + more)
  }

  /// What ran, in order.
  private func order(_ rig: Rig) throws -> String {
    try String(contentsOfFile: "/home/\(rig.server.user)/order", encoding: .utf8)
      .replacing("\n", with: " ")
  }

  @Test func `a failed run goes on at its failed step as the file now is`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(Self.counted("a"), Self.counted("b"), Self.counted("c", "exit 3"))
      #expect(try await rig.build().exit == 1)
      try rig.writeTemplate(Self.counted("a"), Self.counted("b"), Self.counted("d"))
      let resumed = try await rig.kiln(["resume", "latest"])
      #expect(resumed.exit == 0, "\(resumed.stderr)")
      #expect(resumed.stderr.contains("2 steps are as they were then"))
      #expect(resumed.stderr.contains("step 3, Shell \"d\", is another than it was"))
      #expect(try order(rig) == "a b c d ")
    }
  }

  @Test func `a step that has changed runs again, and all after it`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(Self.counted("a"), Self.counted("b"), Self.counted("c", "exit 3"))
      #expect(try await rig.build().exit == 1)
      try rig.writeTemplate(Self.counted("a"), Self.counted("x"), Self.counted("c"))
      let resumed = try await rig.kiln(["resume", "latest"])
      #expect(resumed.exit == 0, "\(resumed.stderr)")
      #expect(try order(rig) == "a b c x c ")
    }
  }

  @Test func `the job of a killed run is followed on, and runs once`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(
        Self.counted("a"),
        Self.counted(
          "b", "echo under way", "while ! [ -e $HOME/go ]; do sleep 0.1; done", "echo over"),
        Self.counted("c"))
      let killed = try await rig.build { kiln in
        try await kiln.waitUntilSays("| under way")
        kiln.send(SIGKILL)
      }
      #expect(killed.exit == 137)
      let resumed = try await rig.kiln(["resume", "latest"]) { kiln in
        try await kiln.waitUntilSays("| under way")
        _ = FileManager.default.createFile(atPath: "/home/\(rig.server.user)/go", contents: nil)
      }
      #expect(resumed.exit == 0, "\(resumed.stderr)")
      #expect(resumed.stderr.contains("| over"))
      #expect(try order(rig) == "a b c ")
      try await rig.expectCleanGuest()
      let gc = try await rig.kiln(["gc"])
      #expect(gc.stderr.contains("0 runs cleaned up, 0 left"), "\(gc.stderr)")
    }
  }

  @Test func `the job of a killed run is ended where its step has changed`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(Self.counted("a"), Self.counted("b", "echo under way", "sleep 1000"))
      _ = try await rig.build { kiln in
        try await kiln.waitUntilSays("| under way")
        kiln.send(SIGKILL)
      }
      try rig.writeTemplate(Self.counted("a"), Self.counted("c"))
      let resumed = try await rig.kiln(["resume", "latest"])
      #expect(resumed.exit == 0, "\(resumed.stderr)")
      #expect(try order(rig) == "a b c ")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `what has succeeded, or goes on, is not resumed`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(Self.counted("a"))
      #expect(try await rig.build().exit == 0)
      let resumed = try await rig.kiln(["resume", "latest"])
      #expect(resumed.exit == 2)
      #expect(resumed.stderr.contains("it succeeded"))
    }
  }
}
