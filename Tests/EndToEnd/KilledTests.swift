import Foundation
import Glibc
import TestSupport
import Testing

/// A `kiln` that was killed, and what `kiln gc` makes of it.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct KilledTests {
  private let long = Customizer.shell("sleep 1000 &", "echo under way", "wait", name: "long")

  @Test func `gc ends the job of a killed kiln and closes its record`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(long)
      try await killInStep(rig)
      #expect(!(try rig.guestProcesses()).isEmpty)
      let runs = try await rig.kiln(["runs"])
      #expect(runs.stdout.contains("interrupted"))
      #expect(runs.stderr.contains("hint: `kiln gc`"))

      let gc = try await rig.kiln(["gc"])
      #expect(gc.exit == 0, "\(gc.stderr)")
      #expect(gc.stderr.contains("1 runs cleaned up, 0 left"))
      try await rig.expectCleanGuest()
      #expect(try rig.record.state == "Failed")

      let again = try await rig.kiln(["gc"])
      #expect(again.exit == 0)
      #expect(again.stderr.contains("0 runs cleaned up, 0 left"))
    }
  }

  @Test func `gc ends a job of root's`() async throws {
    try await Rig.with { rig in
      try rig.write("sleep 1000 &\necho under way\nwait\n", to: "a.sh")
      try rig.writeTemplate(.script("a.sh"))
      try await killInStep(rig)
      let gc = try await rig.kiln(["gc"])
      #expect(gc.exit == 0, "\(gc.stderr)")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `gc says that the machine is out of reach, and works later`() async throws {
    try await Rig.with { rig in
      try await FaultProxy.with(to: rig.server.port) { proxy in
        var far = rig
        far.port = proxy.port
        try rig.write(
          try String(
            contentsOfFile: rig.server.knownHostsFile(port: proxy.port), encoding: .utf8),
          to: "hosts")
        try rig.writeTemplate(long)
        _ = try await rig.kiln([
          "build", "t.json", "--on", far.target, "--identity", rig.key.privateKeyFile,
          "--known-hosts", "hosts",
        ]) { kiln in
          try await kiln.waitUntilSays("| under way")
          kiln.send(SIGKILL)
        }
        proxy.refuse()
        let first = try await rig.kiln(["gc"])
        #expect(first.exit == 4)
        #expect(first.stderr.contains("connection refused"), "\(first.stderr)")
        #expect(try rig.record.state == "Running")
        try proxy.accept()
        let second = try await rig.kiln(["gc"])
        #expect(second.exit == 0, "\(second.stderr)")
        try await rig.expectCleanGuest()
      }
    }
  }

  @Test func `gc leaves no part of a file that was on its way`() async throws {
    try await Rig.with { rig in
      try await FaultProxy.with(to: rig.server.port) { proxy in
        var far = rig
        far.port = proxy.port
        try rig.write(
          try String(
            contentsOfFile: rig.server.knownHostsFile(port: proxy.port), encoding: .utf8),
          to: "hosts")
        try rig.write(String(repeating: "x", count: 24 << 20), to: "large")
        try rig.writeTemplate(.file("large", to: rig.path("placed")))
        proxy.delay = .milliseconds(100)
        _ = try await rig.kiln([
          "build", "t.json", "--on", far.target, "--identity", rig.key.privateKeyFile,
          "--known-hosts", "hosts",
        ]) { kiln in
          try await waitUntil("a part of the file to arrive") {
            try rig.part != nil
          }
          kiln.send(SIGKILL)
        }
        #expect(try rig.part != nil)
        proxy.delay = .zero
        let gc = try await rig.kiln(["gc"])
        #expect(gc.exit == 0, "\(gc.stderr)")
        #expect(try rig.part == nil)
        #expect(try rig.text("placed") == nil)
        try await rig.expectCleanGuest()
      }
    }
  }

  @Test func `one gc leaves nothing of runs that were killed at any moment`() async throws {
    try await Rig.with { rig in
      try rig.write("content\n", to: "file")
      try rig.writeTemplate(
        .shell("echo one"), .file("file", to: rig.path("placed")), .shell("sleep 0.2", "echo two"),
        .shell("sleep 1000"))
      for moment in 0..<10 {
        _ = try await rig.build { kiln in
          // The moments are spread over what a run does; no event marks most of them.
          try await Task.sleep(for: .milliseconds(40 + moment * 75))
          kiln.send(SIGKILL)
        }
      }
      let gc = try await rig.kiln(["gc"])
      #expect(gc.exit == 0, "\(gc.stderr)")
      try await rig.expectCleanGuest()
      let list = try await rig.kiln(["runs"])
      #expect(!list.stdout.contains("interrupted"))
      #expect(!list.stdout.contains("unreadable"))
    }
  }

  private func killInStep(_ rig: Rig) async throws {
    let ran = try await rig.build { kiln in
      try await kiln.waitUntilSays("| under way")
      kiln.send(SIGKILL)
    }
    #expect(ran.exit == 128 + SIGKILL)
  }
}

extension Rig {
  /// The name of a file that is only there in part.
  fileprivate var part: String? {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: home).first { $0.hasPrefix(".kiln-") }
    }
  }
}
