import Digests
import Guests
import Pipeline
import TestSupport
import Testing

/// A script of any bytes arrives as it is, however it is sent.
@Suite struct ScriptTextTests {
  static let scripts: [String: [UInt8]] = [
    "all bytes but the zero byte": Array("exit 3\n# ".utf8) + (1...255),
    "a backslash before digits": Array(#"exit 3 # \07 \\n \c 7%s"#.utf8) + [1, UInt8(ascii: "7")],
    "a zero byte": Array("exit 3\n# ".utf8) + [0],
    "a long line": Array("exit 3 # ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 16_000),
    "more than a line's worth": Array("exit 3\n# ".utf8)
      + [UInt8](repeating: UInt8(ascii: "x"), count: 100_000),
  ]

  @Test(arguments: scripts.keys.sorted())
  func `a guest runs what was sent`(name: String) async throws {
    let script = try #require(Self.scripts[name])
    try await GuestRig.with { rig in
      // The guest starts nothing whose checksum is another.
      let end = try await rig.run(
        GuestJob(
          id: "a", script: script, digest: try .init(of: script), interpreter: "/bin/sh",
          interpreterArgument: "", user: .login, restarts: .none))
      #expect(end == .exited(3))
    }
  }
}
