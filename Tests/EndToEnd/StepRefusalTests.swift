import Foundation
import TestSupport
import Testing

/// Scripts and files that can't be had, placed or run.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct StepRefusalTests {
  private let wrong = String(repeating: "0123456789abcdef", count: 4)

  @Test func `a script with another checksum is refused before anything is touched`()
    async throws
  {
    try await Rig.with { rig in
      try rig.write("true\n", to: "a.sh")
      try rig.writeTemplate(.shell("touch ran"), .script("a.sh", sha256: wrong))
      try expectRefusal(try await rig.build(), exit: 1, "step-checksum")
      #expect(try rig.runs.isEmpty)
    }
  }

  @Test func `a script that the server does not have is refused`() async throws {
    try await Rig.with { rig in
      try await ScriptServer.with(rig.home) { server in
        try rig.writeTemplate(.script(server.url("no.sh")), .file(server.url("no"), to: "/tmp/x"))
        try expectRefusal(try await rig.build(), exit: 1, "step-404")
      }
    }
  }

  @Test func `a server that refuses the connection is given up within seconds`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.script("http://127.0.0.1:\(try freePort())/a.sh"))
      let start = ContinuousClock.now
      let ran = try await rig.build()
      #expect(ContinuousClock.now - start < .seconds(15))
      try expectRefusal(ran, exit: 1, "step-fetch-closed-port")
    }
  }

  @Test func `a server whose name nobody knows is given up within seconds`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.script("https://no-such-host.invalid/a.sh"))
      let start = ContinuousClock.now
      let ran = try await rig.build()
      #expect(ContinuousClock.now - start < .seconds(15))
      #expect(ran.exit == 1)
      #expect(
        ran.stderr.contains(
          "Could not resolve host: no-such-host.invalid (libcurl error 6) (tried 5 times)"))
    }
  }

  @Test func `a script that is not beside the template is refused`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.script("no.sh"))
      try expectRefusal(try await rig.build(), exit: 1, "step-no-script")
    }
  }

  @Test func `a file into a directory that is not there is refused`() async throws {
    try await Rig.with { rig in
      try rig.write("content\n", to: "file")
      try rig.writeTemplate(.file("file", to: rig.path("no/such/place")))
      try expectRefusal(try await rig.build(), exit: 1, "step-no-parent")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a file in the place of a directory is refused`() async throws {
    try await Rig.with { rig in
      try rig.write("content\n", to: "file")
      try rig.writeTemplate(.file("file", to: rig.home))
      try expectRefusal(try await rig.build(), exit: 1, "step-directory")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a PowerShell script on a Linux machine without pwsh says what is missing`()
    async throws
  {
    try await Rig.with { rig in
      try rig.writeTemplate(Customizer(type: "PowerShell", inline: ["Get-Date"]))
      try expectRefusal(try await rig.build(), exit: 1, "step-no-pwsh")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `an interpreter that is not there is told with the script's name`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("#!/usr/bin/no-such-interpreter", "true"))
      try expectRefusal(try await rig.build(), exit: 1, "step-no-interpreter")
      try await rig.expectCleanGuest()
    }
  }
}
