import Foundation
import TestSupport
import Testing

/// Places to write to that refuse it.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct StateDirectoryTests {
  /// Bakes with `prepare` run before `kiln` in a mount namespace of its own.
  private func build(_ rig: Rig, after prepare: String) async throws -> Ran {
    let words = ["build", "t.json", "--on", rig.target] + rig.login
    return try await run(
      "unshare",
      ["--mount", "sh", "-ec", "\(prepare); exec \"$@\"", "sh", try kilnBinary()] + words,
      environment: [
        "HOME": rig.home, "XDG_STATE_HOME": rig.path("state"), "XDG_CACHE_HOME": rig.path("cache"),
        "SSH_AUTH_SOCK": nil,
      ],
      directory: rig.home)
  }

  @Test(.requiresNamespaces)
  func `a full disk for the records is told before anything is touched`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("touch \(rig.path("ran"))"))
      let disk = """
        mkdir state; mount -t tmpfs -o size=64k,nr_inodes=64 full state
        head -c 1m /dev/zero >state/full 2>/dev/null || true
        """
      let ran = try await build(rig, after: disk)
      #expect(ran.exit == 1)
      #expect(ran.stderr.contains("No space left on device"), "\(ran.stderr)")
      #expect(ran.stderr.contains("hint: free some space and run it again"), "\(ran.stderr)")
      #expect(try rig.text("ran") == nil)
      try await rig.expectNoProcesses()
    }
  }

  @Test(.requiresNamespaces)
  func `a disk that fills up while a step runs does not lose the step's end`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("head -c 300000 /dev/zero | tr '\\0' x", "echo", "echo the end"))
      let disk = "mkdir state; mount -t tmpfs -o size=128k,nr_inodes=64 full state"
      let ran = try await build(rig, after: disk)
      #expect(ran.exit == 1)
      #expect(ran.stderr.contains("| the end\n"))
      #expect(ran.stderr.contains("No space left on device"), "\(ran.stderr.suffix(1000))")
      try await rig.expectNoProcesses()
    }
  }

  @Test(.requiresNamespaces)
  func `a place for the records that can't be written is told`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("touch \(rig.path("ran"))"))
      let disk = "mkdir state; mount -t tmpfs -o ro closed state"
      let ran = try await build(rig, after: disk)
      #expect(ran.exit == 1)
      #expect(
        ran.stderr.contains("error: could not make `\(rig.path("state/kiln"))`: Read-only"),
        "\(ran.stderr)")
      #expect(try rig.text("ran") == nil)
    }
  }

  @Test func `a file in the place of the records is told`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("touch \(rig.path("ran"))"))
      try rig.write("", to: "state")
      let ran = try await rig.build()
      #expect(ran.exit == 1)
      #expect(ran.stderr.contains("Not a directory"), "\(ran.stderr)")
      #expect(try rig.text("ran") == nil)
    }
  }
}
