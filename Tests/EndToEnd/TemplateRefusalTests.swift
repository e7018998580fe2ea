import Foundation
import TestSupport
import Testing

/// Templates and command lines that can't be used: nothing is connected to.
@Suite(.timeLimit(.minutes(2)))
struct TemplateRefusalTests {
  /// Builds in an empty home with a target that nobody listens at.
  private func build(
    _ template: String? = nil, on target: String? = "ssh://root@127.0.0.1:9",
    _ options: String..., named file: String = "t.json", prepare: (String) throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    try await ScratchDirectory.with { home in
      if let template { try Data(template.utf8).write(to: URL(filePath: "\(home)/t.json")) }
      try prepare(home)
      let ran = try await KilnProcess.run(
        ["build", file] + (target.map { ["--on", $0] } ?? []) + options, in: home)
      #expect(!FileManager.default.fileExists(atPath: "\(home)/state"))
      return ran
    }
  }

  private let good: String

  init() throws { good = try Template.text([.shell("true")]) }

  @Test func `broken JSON is refused with its place`() async throws {
    let ran = try await build("{\n  \"location\": \"x\",\n  \"properties\": {,}\n}\n")
    try expectRefusal(ran, exit: 2, "template-broken-json")
  }

  @Test func `an unknown customizer is refused with what was meant`() async throws {
    let ran = try await build(try Template.text([Customizer(type: "Shel", inline: ["true"])]))
    try expectRefusal(ran, exit: 2, "template-unknown-customizer")
  }

  @Test func `a WindowsRestart customizer is refused on a Linux machine`() async throws {
    try await Rig.with(SSHServer.Configuration()) { rig in
      try rig.writeTemplate(Customizer(type: "WindowsRestart"))
      try expectRefusal(try await rig.build(), exit: 2, "template-windows-restart")
    }
  }

  @Test func `a placeholder that is not filled in is refused`() async throws {
    let ran = try await build(try Template.text([.script("<scriptUrl>")]))
    try expectRefusal(ran, exit: 2, "template-placeholder")
  }

  @Test func `a template that is not there is refused`() async throws {
    try expectRefusal(try await build(), exit: 2, "template-missing")
  }

  @Test func `an empty template is refused`() async throws {
    try expectRefusal(try await build(""), exit: 2, "template-empty")
  }

  @Test func `a binary template is refused`() async throws {
    let ran = try await build { home in
      try Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 * 37) })
        .write(to: URL(filePath: "\(home)/t.json"))
    }
    try expectRefusal(ran, exit: 2, "template-binary")
  }

  @Test func `a directory for a template is refused`() async throws {
    try expectRefusal(try await build(named: "."), exit: 2, "template-directory")
  }

  @Test func `a template without customizers and target is refused with all that it lacks`()
    async throws
  {
    let ran = try await build("{\"properties\": {}}")
    try expectRefusal(ran, exit: 2, "template-lacking")
  }

  @Test func `a source that no disk is known to stand for is refused`() async throws {
    let ran = try await build(
      good.replacing(/"offer":\s*"[^"]*"/, with: #""offer": "0001-com-ubuntu-server-jamy""#),
      on: nil)
    try expectRefusal(ran, exit: 1, "source-unknown")
  }

  @Test(arguments: [
    ("ftp://host", "usage-ftp"), ("foo", "usage-no-scheme"), ("", "usage-no-address"),
    ("ssh://", "usage-no-host"), ("ssh://:22", "usage-port-alone"),
    ("ssh://user@", "usage-user-alone"), ("ssh://@host", "usage-no-user"),
    ("ssh://host:99999", "usage-port"), ("ssh://host:", "usage-no-port"),
    ("ssh://h/path", "usage-path"), ("al:hunter2@host", "usage-password"),
  ])
  func `a target that is no SSH host is refused in one sentence`(target: String, name: String)
    async throws
  {
    try expectRefusal(try await build(good, on: target), exit: 2, name)
  }

  @Test func `an SSH timeout that is no duration is refused`() async throws {
    let ran = try await build(good, "--ssh-timeout", "soon")
    try expectRefusal(ran, exit: 2, "usage-ssh-timeout")
  }

  @Test func `a mirror rule that is none is refused`() async throws {
    let ran = try await build(good, "--mirror", "https://a.example")
    try expectRefusal(ran, exit: 2, "usage-mirror")
  }

  @Test func `an unknown option is refused`() async throws {
    try expectRefusal(try await build(good, "--deprovison"), exit: 2, "usage-unknown-option")
  }

  @Test(arguments: [
    (["bake", "t.json"], "usage-unknown-command"), (["biuld"], "usage-misspelt-command"),
    (["frobnicate", "--on", "x"], "usage-strange-command"),
    (["help", "biuld"], "usage-help-command"),
  ])
  func `an unknown command is refused, and the near one named`(words: [String], name: String)
    async throws
  {
    try await ScratchDirectory.with { home in
      try expectRefusal(try await KilnProcess.run(words, in: home), exit: 2, name)
    }
  }
}

/// Templates that are read with a warning.
@Suite(.timeLimit(.minutes(2)))
struct TemplateWarningTests {
  @Test func `an unknown field is told, and what was meant`() async throws {
    try await ScratchDirectory.with { home in
      let text = try Template.text([.shell("true")])
        .replacing("\"buildTimeoutInMinutes\"", with: "\"buildTimeoutInMinute\"")
      try Data(text.utf8).write(to: URL(filePath: "\(home)/t.json"))
      let ran = try await KilnProcess.run(["validate", "t.json"], in: home)
      try Snapshot.said.expect(ran.stderr, matches: "template-unknown-field")
    }
  }
}
