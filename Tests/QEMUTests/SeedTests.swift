import Foundation
import SSH
import TestSupport
import Testing

@testable import QEMU

@Suite(.requires("/usr/bin/isoinfo"), .timeLimit(.minutes(2))) struct SeedTests {
  @Test func `it is a disk that cloud-init looks for, for its owner alone`() async throws {
    try await withSeed { path, _ in
      let volume = try await run("isoinfo", ["-d", "-i", path]).succeeded().stdout
      #expect(volume.contains("Volume id: cidata\n"))
      let files = try await run("isoinfo", ["-f", "-i", path]).succeeded().stdout
      #expect(
        files.split(separator: "\n") == ["/META-DATA.;1", "/USER-DATA.;1"])
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
      #expect(mode as? Int == 0o600)
    }
  }

  @Test func `the user data brings the user, the keys and nothing else`() async throws {
    try await withSeed { path, seed in
      let text = try await content("USER-DATA", of: path)
      #expect(text.hasPrefix("#cloud-config\n"))
      let data = try JSONDecoder().decode(JSON.self, from: Data(text.dropFirst(14).utf8))
      let user: JSON = [
        "name": "kiln", "gecos": "Image build", "shell": "/bin/bash", "lock_passwd": true,
        "sudo": "ALL=(ALL) NOPASSWD:ALL", "ssh_authorized_keys": [.string(seed.authorizedKeys[0])],
      ]
      #expect(data["users"] == [user])
      #expect(data["ssh_keys"]?["ed25519_private"]?.text == seed.hostPrivateKey)
      #expect(data["ssh_keys"]?["ed25519_public"]?.text == seed.hostPublicKey)
      #expect(data["package_update"] == false)
    }
  }

  @Test func `the meta data names the machine and the run`() async throws {
    try await withSeed { path, _ in
      let text = try await content("META-DATA", of: path)
      let data = try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
      #expect(data == ["instance-id": "run-1", "local-hostname": "web \"1\"\n: é"])
    }
  }

  @Test(.requires("/usr/bin/cloud-init"))
  func `cloud-init finds no fault with it`() async throws {
    try await withSeed { path, _ in
      let file = path + ".yaml"
      try await Data(content("USER-DATA", of: path).utf8).write(to: URL(filePath: file))
      let checked = try await run("cloud-init", ["schema", "--config-file", file])
      #expect(checked.exit == 0, "\(checked.stdout)\(checked.stderr)")
    }
  }

  @Test func `a seed that is printed shows no private key`() async throws {
    try await withSeed { _, seed in
      var dumped = ""
      dump(seed, to: &dumped)
      for text in ["\(seed)", String(reflecting: seed), dumped] {
        #expect(!text.contains("PRIVATE"))
      }
    }
  }

  @Test func `a seed that can't be written is told`() async throws {
    let error = try await failure {
      try await seed().write(to: "/nowhere/seed.iso")
    }
    #expect("\(error)" == "could not make the seed `/nowhere/seed.iso`: no such file or directory")
  }

  private func withSeed(_ body: (String, CloudInitSeed) async throws -> Void) async throws {
    try await ScratchDirectory.with { directory in
      let seed = try await seed()
      let path = "\(directory)/seed.iso"
      try Data("old".utf8).write(to: URL(filePath: path))
      try seed.write(to: path)
      try await body(path, seed)
    }
  }

  /// With a name that a careless writer of YAML would break.
  private func seed() async throws -> CloudInitSeed {
    let host = try Ed25519KeyPair.generate(comment: "host")
    return CloudInitSeed(
      user: "kiln",
      authorizedKeys: [try Ed25519KeyPair.generate(comment: "client").publicKey],
      hostPrivateKey: host.privateKey.withBytes { String(decoding: $0, as: UTF8.self) },
      hostPublicKey: host.publicKey, hostname: "web \"1\"\n: é", instanceID: "run-1")
  }

  private func content(_ name: String, of path: String) async throws -> String {
    try await run("isoinfo", ["-i", path, "-x", "/\(name).;1"]).succeeded().stdout
  }
}
