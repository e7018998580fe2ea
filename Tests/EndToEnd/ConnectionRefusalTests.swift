import Foundation
import TestSupport
import Testing

/// Machines that can't be reached, or not be trusted, or not be worked on.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct ConnectionRefusalTests {
  private let simple = Customizer.shell("true")

  @Test func `a key that the machine does not know is refused`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(simple)
      let stranger = try await KeyPair.make(in: rig.home)
      let ran = try await rig.kiln([
        "build", "t.json", "--on", rig.target, "--identity", stranger.privateKeyFile,
        "--known-hosts", rig.server.knownHostsFile,
      ])
      try expectRefusal(ran, exit: 4, "connection-wrong-key")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a key file that is not there is refused`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(simple)
      let ran = try await rig.kiln([
        "build", "t.json", "--on", rig.target, "--identity", "no-such-key",
        "--known-hosts", rig.server.knownHostsFile,
      ])
      try expectRefusal(ran, exit: 4, "connection-no-key-file")
    }
  }

  @Test func `a host whose key is not known is refused`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(simple)
      let ran = try await rig.kiln([
        "build", "t.json", "--on", rig.target, "--identity", rig.key.privateKeyFile,
      ])
      try expectRefusal(ran, exit: 4, "connection-unknown-host")
    }
  }

  @Test func `a host whose key is another than the known one is refused`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(simple)
      let other = try await KeyPair.make(in: rig.home)
      let key = other.publicKey.split(separator: " ").prefix(2).joined(separator: " ")
      try rig.write("[127.0.0.1]:\(rig.port) \(key)\n", to: "hosts")
      for acceptance in [[], ["--accept-host-key"]] {
        let ran = try await rig.kiln(
          [
            "build", "t.json", "--on", rig.target, "--identity", rig.key.privateKeyFile,
            "--known-hosts", rig.path("hosts"),
          ] + acceptance)
        try expectRefusal(ran, exit: 4, "connection-changed-host")
      }
    }
  }

  @Test func `--accept-host-key pins the key for the next time`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(simple)
      let words = [
        "build", "t.json", "--on", rig.target, "--identity", rig.key.privateKeyFile,
        "--known-hosts", rig.path("hosts"),
      ]
      let first = try await rig.kiln(words + ["--accept-host-key"])
      #expect(first.exit == 0, "\(first.stderr)")
      #expect(try rig.text("hosts")?.contains(rig.server.hostPublicKey) == true)
      let second = try await rig.kiln(words)
      #expect(second.exit == 0, "\(second.stderr)")
    }
  }

  @Test func `a closed port is told at once`() async throws {
    try await Rig.with { rig in
      var closed = rig
      closed.port = try freePort()
      try rig.writeTemplate(simple)
      let start = ContinuousClock.now
      let ran = try await closed.build()
      #expect(ContinuousClock.now - start < .seconds(5))
      try expectRefusal(ran, exit: 4, "connection-closed-port")
    }
  }

  @Test func `a host name that nobody knows is told`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(simple)
      let ran = try await rig.kiln(
        ["build", "t.json", "--on", "ssh://root@no-such-host.invalid"] + rig.login)
      try expectRefusal(ran, exit: 4, "connection-unknown-name")
    }
  }

  @Test
  func `a user who may not become root is refused where a script needs it`() async throws {
    try await Rig.with(.init(account: .throwaway(.init()))) { rig in
      try rig.write("touch \(rig.path("ran"))\n", to: "a.sh")
      try rig.writeTemplate(.script("a.sh"))
      let ran = try await rig.build()
      try expectRefusal(ran, exit: 4, "connection-no-sudo")
      #expect(try rig.text("ran") == nil)
      try await rig.expectCleanGuest("/home/\(rig.server.user)")
    }
  }

  @Test
  func `a user with sudo runs fetched scripts as root and inline ones as themselves`()
    async throws
  {
    try await Rig.with { rig in
      try rig.write("id -un\n", to: "a.sh")
      try rig.writeTemplate(.script("a.sh"), .shell("id -un"))
      let ran = try await rig.build()
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("    | root\n"))
      #expect(ran.stderr.contains("    | \(rig.server.user)\n"))
      try await rig.expectCleanGuest("/home/\(rig.server.user)")
    }
  }
}
