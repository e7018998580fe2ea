import Foundation
import TestSupport
import Testing

/// What must not be told.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct SecretTests {
  @Test func `the token of a script's address is told nowhere`() async throws {
    try await Rig.with { rig in
      try await ScriptServer.with(rig.home) { server in
        try rig.write("echo ran\n", to: "a.sh")
        try rig.writeTemplate(.script(server.url("a.sh?sv=1&sig=TOPSECRET%2Bx")))
        let ran = try await rig.build("--json")
        #expect(ran.exit == 0, "\(ran.stderr)")
        #expect(try server.requests.contains { $0.contains("TOPSECRET") })
        #expect(!(ran.stdout + ran.stderr).contains("TOPSECRET"), "\(ran.stderr)")
        #expect(try Self.files(below: rig.path("state"), holding: "TOPSECRET").isEmpty)
      }
    }
  }

  @Test func `the token of an address that can't be fetched is told nowhere`() async throws {
    try await Rig.with { rig in
      try await ScriptServer.with(rig.home) { server in
        try rig.writeTemplate(.script(server.url("no.sh?sv=1&sig=TOPSECRET%2Bx")))
        let ran = try await rig.build()
        #expect(ran.exit == 1)
        #expect(!ran.stderr.contains("TOPSECRET"), "\(ran.stderr)")
      }
    }
  }

  @Test func `a password is told nowhere, not even to ps`() async throws {
    let account = TestUser.Options(sudo: .withoutPassword, password: "TOP/SECRET word")
    try await Rig.with(.init(account: .throwaway(account))) { rig in
      try rig.writeTemplate(
        .shell("echo 'said: TOP/SECRET word'", "sleep 0.2", name: "tells it itself"))
      let words = [
        "build", "t.json", "--on", rig.target, "--known-hosts", rig.server.knownHostsFile,
        "--password-fd", "0",
      ]
      let ran = try await rig.kiln(words, input: "TOP/SECRET word\n") { kiln in
        try await kiln.waitUntilSays("connected to")
        let command = FileManager.default.contents(atPath: "/proc/\(kiln.id)/cmdline") ?? Data()
        #expect(!String(decoding: command, as: UTF8.self).contains("SECRET"))
      }
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("| said: ***"), "\(ran.stderr)")
      #expect(!ran.stderr.contains("SECRET"))
      #expect(try Self.files(below: rig.path("state"), holding: "SECRET").isEmpty)
      _ = try await rig.kiln(["show", "latest", "--report", "report.html"])
      let report = try #require(try rig.text("report.html"))
      #expect(report.contains("said: ***") && !report.contains("SECRET"))
    }
  }

  /// The files below a directory that hold `text`.
  private static func files(below directory: String, holding text: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: directory).filter { path in
      let bytes = FileManager.default.contents(atPath: "\(directory)/\(path)")
      return bytes?.range(of: Data(text.utf8)) != nil
    }
  }
}
