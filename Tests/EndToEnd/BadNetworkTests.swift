import Foundation
import TestSupport
import Testing

/// A network that loses connections in the middle of things.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct BadNetworkTests {
  /// Bakes through a proxy, with `body` beside it.
  private func build(
    _ rig: Rig, while body: (KilnProcess, FaultProxy) async throws -> Void
  ) async throws -> KilnEnd {
    try await FaultProxy.with(to: rig.server.port) { proxy in
      var far = rig
      far.port = proxy.port
      let hosts = try rig.server.knownHostsFile(port: proxy.port)
      let words = [
        "build", "t.json", "--on", far.target, "--identity", rig.key.privateKeyFile,
        "--known-hosts", hosts,
      ]
      return try await rig.kiln(words) { try await body($0, proxy) }
    }
  }

  @Test func `a step runs once, and none of its output is lost, over a lost connection`()
    async throws
  {
    try await Rig.with { rig in
      let marks = rig.path("marks")
      try rig.writeTemplate(
        .shell(
          "echo begun >>\(marks)", "echo before", "while ! [ -e \(rig.path("go")) ]; do sleep 0.05",
          "done", "seq -f 'line %g' 1 2000", "echo ended >>\(marks)"),
        .shell("echo next >>\(marks)"))
      let ran = try await build(rig) { kiln, proxy in
        try await kiln.waitUntilSays("| before")
        proxy.refuse()
        proxy.cut()
        try await kiln.waitUntilSays("connection lost")
        try rig.write("", to: "go")
        try await waitUntil("the step to end unseen") {
          try rig.text("marks") == "begun\nended\n"
        }
        try proxy.accept()
      }
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(try rig.text("marks") == "begun\nended\nnext\n")
      let lines = ran.stderr.split(separator: "\n").filter { $0.hasPrefix("    | line ") }
      #expect(lines.map(String.init) == (1...2000).map { "    | line \($0)" })
      #expect(ran.stderr.contains("connection restored after"))
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a file arrives whole over a lost connection`() async throws {
    try await Rig.with { rig in
      let content = (0..<400_000).map { "line \($0)\n" }.joined()
      try rig.write(content, to: "large")
      try rig.writeTemplate(.file("large", to: rig.path("placed")))
      let ran = try await build(rig) { kiln, proxy in
        try await waitUntil("a part of the file to pass") {
          proxy.counters.bytesToServer > 300_000
        }
        proxy.cut()
      }
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(try rig.text("placed") == content)
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a machine that stays away longer than the SSH timeout is lost, never run again`()
    async throws
  {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("echo under way", "sleep 1000", name: "long"))
      try await FaultProxy.with(to: rig.server.port) { proxy in
        var far = rig
        far.port = proxy.port
        let words = [
          "build", "t.json", "--on", far.target, "--identity", rig.key.privateKeyFile,
          "--known-hosts", try rig.server.knownHostsFile(port: proxy.port), "--ssh-timeout", "2s",
        ]
        let ran = try await rig.kiln(words) { kiln in
          try await kiln.waitUntilSays("| under way")
          proxy.refuse()
          proxy.cut()
        }
        #expect(ran.exit == 4)
        #expect(
          ran.stderr.contains("error: step 1 of 1, Shell \"long\", was lost"), "\(ran.stderr)")
        #expect(ran.stderr.contains("stayed out of reach for 2.0s, the SSH timeout"))
        #expect(try rig.record.state == "Failed")
        try proxy.accept()
        let gc = try await rig.kiln(["gc"])
        #expect(gc.exit == 0, "\(gc.stderr)")
        try await rig.expectCleanGuest()
      }
    }
  }

  @Test func `two builds at once on one machine do not meet`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(
        .shell("echo in $$ >>\(rig.path("marks"))", "sleep 0.5"),
        .shell("echo out >>\(rig.path("marks"))"))
      async let first = rig.build()
      async let second = rig.build()
      let ends = try await [first, second]
      for ran in ends { #expect(ran.exit == 0, "\(ran.stderr)") }
      #expect(try rig.text("marks")?.split(separator: "\n").count == 4)
      #expect(try rig.runs.count == 2)
      try await rig.expectCleanGuest()
    }
  }
}
