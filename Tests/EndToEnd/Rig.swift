import Foundation
import TestSupport
import Testing

/// A user who has the built `kiln`, a home of their own, and a real machine to bake on.
struct Rig: Sendable {
  /// The machine.
  let server: SSHServer
  /// Where `kiln` is started and keeps all it writes; gone with the test.
  let home: String
  /// What logs in to the machine.
  let key: KeyPair
  /// The port that the machine is reached at; another than the server's behind a proxy.
  var port: Int

  /// A user who may become root, as the first user of a cloud image; another shell start-up file
  /// than the one of a fresh user would make the tests depend on who runs them.
  static let cloudUser = SSHServer.Configuration(
    account: .throwaway(.init(sudo: .withoutPassword)))

  /// Runs `body` with a machine of this kind.
  static func with(
    _ configuration: SSHServer.Configuration = cloudUser, _ body: (Rig) async throws -> Void
  ) async throws {
    try await SSHServer.with(configuration) { try await with($0, body) }
  }

  /// Runs `body` with a machine that is there.
  static func with(_ server: SSHServer, _ body: (Rig) async throws -> Void) async throws {
    try await ScratchDirectory.with { home in
      // The machine's other users write their marks here too.
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: home)
      try await body(
        Rig(server: server, home: home, key: try await server.clientKey(), port: server.port))
    }
  }

  /// The value of `--on`.
  var target: String { "ssh://\(server.user)@127.0.0.1:\(port)" }

  /// What a user adds to log in.
  var login: [String] {
    ["--identity", key.privateKeyFile, "--known-hosts", server.knownHostsFile]
  }

  /// Bakes the template `t.json` in the user's home.
  func build(
    _ options: String..., input: String = "",
    while body: (KilnProcess) async throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    try await kiln(
      ["build", "t.json", "--on", target] + login + options, input: input, while: body)
  }

  /// Runs `kiln` as the user would, with `body` beside it.
  func kiln(
    _ arguments: [String], input: String = "", environment: [String: String] = [:],
    while body: (KilnProcess) async throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    try await KilnProcess.run(
      arguments, in: home, input: input, environment: environment, while: body)
  }

  /// Bakes the template `t.json` with somebody at the terminal.
  func atTerminal(
    _ options: String..., body: (KilnTerminal) async throws -> Void
  ) async throws -> KilnEnd {
    try await KilnTerminal.run(
      ["build", "t.json", "--on", target] + login + options, in: home, body)
  }

  /// The path of a file in the user's home.
  func path(_ name: String) -> String { "\(home)/\(name)" }

  /// Writes a file into the user's home.
  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path(name)))
  }

  /// What a file in the user's home says; `nil` where there is none.
  func text(_ name: String) throws -> String? {
    guard FileManager.default.fileExists(atPath: path(name)) else { return nil }
    return String(decoding: try Data(contentsOf: URL(filePath: path(name))), as: UTF8.self)
  }

  /// Writes `t.json` with these customizers.
  func writeTemplate(_ customizers: Customizer..., minutes: Int = 30) throws {
    try write(try Template.text(customizers, minutes: minutes), to: "t.json")
  }
}

/// A customizer as a template has it.
struct Customizer: Encodable {
  var type = "Shell"
  var name: String?
  var inline: [String]?
  var scriptUri: String?
  var sourceUri: String?
  var destination: String?
  var sha256Checksum: String?

  static func shell(_ lines: String..., name: String? = nil) -> Customizer {
    Customizer(name: name, inline: lines)
  }

  static func script(_ uri: String, name: String? = nil, sha256: String? = nil) -> Customizer {
    Customizer(name: name, scriptUri: uri, sha256Checksum: sha256)
  }

  static func file(
    _ uri: String, to destination: String, name: String? = nil, sha256: String? = nil
  ) -> Customizer {
    Customizer(
      type: "File", name: name, sourceUri: uri, destination: destination, sha256Checksum: sha256)
  }
}

/// A template that has what Azure Image Builder demands.
enum Template {
  static func text(_ customizers: [Customizer], minutes: Int = 30) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let customize = String(decoding: try encoder.encode(customizers), as: UTF8.self)
    return """
      {
        "apiVersion": "2022-07-01",
        "location": "westeurope",
        "identity": {"type": "None"},
        "properties": {
          "buildTimeoutInMinutes": \(minutes),
          "source": {
            "type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s",
            "version": "latest"
          },
          "distribute": [{"type": "VHD", "runOutputName": "out"}],
          "customize": \(customize)
        }
      }

      """
  }
}
