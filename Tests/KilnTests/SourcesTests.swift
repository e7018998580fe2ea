import Foundation
import TestSupport
import Testing

@Suite struct SourcesCommandTests {
  private func kiln(_ home: String, _ arguments: String...) async throws -> Ran {
    try await run(
      kilnBinary(), arguments,
      environment: ["XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": "\(home)/cache", "COLUMNS": "80"])
  }

  private func write(_ text: String, to home: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(home)/kiln", withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: "\(home)/kiln/sources.json"))
  }

  private static let own =
    #"{"sources": [{"image": "RedHat:RHEL:8-lvm", "title": "RHEL of ours", "path": "rhel.qcow2","#
    + #" "user": "me"}]}"#

  @Test func `the help reads well`() async throws {
    try await ScratchDirectory.with { home in
      for words in [["sources", "list"], ["sources", "show"]] {
        let ran = try await run(kilnBinary(), words + ["--help"], environment: ["COLUMNS": "80"])
        #expect(ran.exit == 0)
        try Snapshot().expect(ran.stdout, matches: "help-\(words.joined(separator: "-"))")
      }
    }
  }

  @Test func `the list has the user's own first, and says what is here`() async throws {
    try await ScratchDirectory.with { home in
      try write(Self.own, to: home)
      try Data().write(to: URL(filePath: "\(home)/kiln/rhel.qcow2"))
      let ran = try await kiln(home, "sources")
      #expect(ran.exit == 0)
      #expect(ran.stderr.isEmpty)
      try Snapshot().expect(ran.stdout, matches: "sources")
    }
  }

  @Test func `the list is JSON for programs`() async throws {
    try await ScratchDirectory.with { home in
      let ran = try await kiln(home, "sources", "--json")
      let rows = try JSONSerialization.jsonObject(with: Data(ran.stdout.utf8)) as? [[String: Any]]
      let ubuntu = rows?.first {
        $0["source"] as? String == "Canonical:ubuntu-24_04-lts:server:latest"
      }
      #expect(ubuntu?["publisher"] as? String == "Canonical")
      #expect(ubuntu?["offer"] as? String == "ubuntu-24_04-lts")
      #expect(ubuntu?["sku"] as? String == "server")
      #expect(ubuntu?["user"] as? String == "ubuntu")
      #expect(ubuntu?["isHere"] as? Bool == false)
    }
  }

  @Test func `an image is shown with the disk of its version`() async throws {
    try await ScratchDirectory.with { home in
      let ran = try await kiln(home, "sources", "show", "debian:debian-12:12:0.20231013.1532")
      #expect(ran.exit == 0)
      try Snapshot().expect(ran.stdout, matches: "sources-show")
    }
  }

  @Test func `an image without a disk ends with 2 and says how to bring one`() async throws {
    try await ScratchDirectory.with { home in
      let ran = try await kiln(home, "sources", "show", "RedHat:RHEL:8-lvm")
      #expect(ran.exit == 2)
      #expect(ran.stdout.isEmpty)
      try Snapshot().expect(ran.stderr, matches: "sources-none")
    }
  }

  @Test func `a broken file ends with 2 and all its mistakes`() async throws {
    try await ScratchDirectory.with { home in
      try write(#"{"sources": [{"imgae": 1, "path": "x.raw", "usr": "u"}]}"#, to: home)
      let ran = try await kiln(home, "sources")
      #expect(ran.exit == 2)
      #expect(ran.stdout.isEmpty)
      try Snapshot().expect(ran.stderr, matches: "sources-broken")
    }
  }

  @Test func `another file can be named`() async throws {
    try await ScratchDirectory.with { home in
      try Data(Self.own.utf8).write(to: URL(filePath: "\(home)/mine.json"))
      let ran = try await kiln(
        home, "sources", "show", "redhat:rhel:8-LVM", "--sources", "\(home)/mine.json", "--json")
      let row = try JSONSerialization.jsonObject(with: Data(ran.stdout.utf8)) as? [String: Any]
      #expect(row?["disk"] as? String == "\(home)/rhel.qcow2")
      #expect(row?["origin"] as? String == "\(home)/mine.json:1:14")
    }
  }
}
