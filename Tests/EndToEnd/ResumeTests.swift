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

  @Test func `a file that goes elsewhere now is placed again, though its content is the same`()
    async throws
  {
    try await Rig.with { rig in
      try rig.write("content\n", to: "file")
      try rig.writeTemplate(
        .file("file", to: rig.path("placed")), Self.counted("b"), Self.counted("c", "exit 3"))
      #expect(try await rig.build().exit == 1)
      try rig.writeTemplate(
        .file("file", to: rig.path("elsewhere")), Self.counted("b"), Self.counted("c"))
      let resumed = try await rig.kiln(["resume", "latest"])
      #expect(resumed.exit == 0, "\(resumed.stderr)")
      #expect(resumed.stderr.contains("0 steps are as they were then"))
      #expect(try rig.text("elsewhere") == "content\n")
    }
  }

  @Test func `a secret parameter is kept nowhere, asked for, and taken anew`() async throws {
    try await Rig.with { rig in
      try rig.write(
        #"""
        {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": {"token": {"type": "securestring"}},
        "resources": [{"type": "Microsoft.VirtualMachineImages/imageTemplates", "name": "i",
        "apiVersion": "2022-07-01", "location": "westeurope", "identity": {"type": "None"},
        "properties": {"source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s",
        "version": "latest"}, "distribute": [{"type": "VHD", "runOutputName": "o"}], "customize": [
        {"type": "Shell", "name": "a", "inline": ["echo a >> $HOME/order"]},
        {"type": "Shell", "name": "b", "inline":
        ["[concat('echo b >> $HOME/order; case ', parameters('token'), ' in correct-*) ;; *) exit 1 ;; esac')]"]}]}}]}
        """#, to: "t.json")
      let failed = try await rig.build("-p", "token=wrong-staple")
      #expect(failed.exit == 1, "\(failed.stderr)")
      let asked = try await rig.kiln(["resume", "latest"])
      #expect(asked.exit == 2)
      #expect(asked.stderr.contains("hint: give it again: -p token=…"), "\(asked.stderr)")
      let resumed = try await rig.kiln(["resume", "latest", "-p", "token=correct-horse"])
      #expect(resumed.exit == 0, "\(resumed.stderr)")
      #expect(resumed.stderr.contains("1 steps are as they were then"))
      #expect(try order(rig) == "a b b ")
      let told = try await run("grep", ["-rlE", "wrong-staple|correct-horse", rig.path("state")])
      #expect(told.stdout == "", "no file of the runs has a value of it")
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
