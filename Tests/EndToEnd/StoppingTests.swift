import Foundation
import Glibc
import TestSupport
import Testing

/// A run that is stopped in the middle of a step.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct StoppingTests {
  /// A step that says when it is under way and then goes on for long, with a child of its own.
  private let long = Customizer.shell("sleep 1000 &", "echo under way", "wait", name: "long")

  @Test(arguments: zip([SIGINT, SIGTERM], [Int32(130), 143]))
  func `a signal ends the step and cleans up`(_ signal: Int32, _ exit: Int32) async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(long, .shell("touch \(rig.path("next"))"))
      let ran = try await rig.build { kiln in
        try await kiln.waitUntilSays("| under way")
        kiln.send(signal)
      }
      #expect(ran.exit == exit, "\(ran.stderr)")
      #expect(ran.stderr.contains("Canceled after"))
      #expect(try rig.record.state == "Canceled")
      #expect(try rig.record.exitCode == exit)
      #expect(try rig.text("next") == nil)
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a signal ends a step of root's`() async throws {
    try await Rig.with { rig in
      try rig.write("sleep 1000 &\necho under way\nwait\n", to: "a.sh")
      try rig.writeTemplate(.script("a.sh"))
      let ran = try await rig.build { kiln in
        try await kiln.waitUntilSays("| under way")
        kiln.send(SIGINT)
      }
      #expect(ran.exit == 130, "\(ran.stderr)")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a second signal ends kiln at once, and gc does the rest`() async throws {
    try await Rig.with { rig in
      let stubborn = Customizer.shell(
        "trap '' TERM", "echo under way", "while :; do sleep 1; done")
      try rig.writeTemplate(stubborn)
      let ran = try await rig.build { kiln in
        try await kiln.waitUntilSays("| under way")
        kiln.send(SIGINT)
        try await kiln.waitUntilSays("cancelling")
        // Those that come at once are the same request.
        try await waitUntil("kiln to end") {
          kiln.send(SIGINT)
          return try kiln.hasEnded
        }
      }
      #expect(ran.exit == 130)
      let gc = try await rig.kiln(["gc"])
      #expect(gc.exit == 0, "\(gc.stderr)")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `two signals in one moment are one request, as timeout sends them`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(long)
      let ran = try await rig.build { kiln in
        try await kiln.waitUntilSays("| under way")
        kiln.send(SIGTERM)
        kiln.send(SIGINT)
      }
      #expect([130, 143].contains(ran.exit), "\(ran.stderr)")
      #expect(try rig.record.state == "Canceled")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `kiln cancel stops a run of another process`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(long)
      let ran = try await rig.build { kiln in
        try await kiln.waitUntilSays("| under way")
        let cancel = try await rig.kiln(["cancel", "latest"])
        #expect(cancel.exit == 0, "\(cancel.stderr)")
        #expect(cancel.stdout == "\(try rig.run) Canceled\n")
      }
      #expect(ran.exit == 143)
      #expect(try rig.record.state == "Canceled")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a signal while scripts are fetched ends kiln with nothing made`() async throws {
    try await Rig.with { rig in
      try await FaultProxy.with(to: 9) { proxy in
        proxy.silence()
        try rig.writeTemplate(.script("http://127.0.0.1:\(proxy.port)/a.sh"))
        let ran = try await rig.build { kiln in
          try await kiln.waitUntilSays("fetching")
          kiln.send(SIGINT)
        }
        #expect(ran.exit == 130, "\(ran.stderr)")
        #expect(try rig.runs.isEmpty)
      }
    }
  }

  @Test func `a signal while the machine is silent ends kiln`() async throws {
    try await Rig.with { rig in
      try await FaultProxy.with(to: rig.server.port) { proxy in
        proxy.silence()
        var silent = rig
        silent.port = proxy.port
        try rig.writeTemplate(.shell("true"))
        let ran = try await silent.build { kiln in
          try await kiln.waitUntilSays("no image is made")
          kiln.send(SIGTERM)
        }
        #expect(ran.exit == 143, "\(ran.stderr)")
        #expect(try rig.record.state == "Canceled")
      }
    }
  }

  @Test func `a build that takes longer than its timeout is stopped`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(long, minutes: 1)
      let ran = try await rig.build()
      #expect(ran.exit == 5)
      #expect(
        ran.stderr.contains("error: waited 1m0s for the build (buildTimeoutInMinutes)"),
        "\(ran.stderr)")
      #expect(try rig.record.state == "Failed")
      try await rig.expectCleanGuest()
    }
  }
}
