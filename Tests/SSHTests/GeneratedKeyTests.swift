import Foundation
import TestSupport
import Testing

@testable import SSH

@Suite(.timeLimit(.minutes(2))) struct GeneratedKeyTests {
  @Test func `ssh-keygen reads a generated key, and finds the same public key in it`() async throws
  {
    try await ScratchDirectory.with { directory in
      let pair = try Ed25519KeyPair.generate(comment: "kiln build")
      let path = try write(pair, in: directory)
      let read = try await run("ssh-keygen", ["-y", "-f", path]).succeeded().stdout
      #expect(read == pair.publicKey + "\n")
      #expect(pair.publicKey.hasSuffix(" kiln build"))
    }
  }

  @Test func `each generated key is another`() throws {
    let keys = try (0..<3).map { _ in try Ed25519KeyPair.generate(comment: "x").publicKey }
    #expect(Set(keys).count == 3)
  }

  @Test(arguments: 0..<8) func `a generated key is read back`(length: Int) throws {
    let comment = String(repeating: "x", count: length)
    let pair = try Ed25519KeyPair.generate(comment: comment)
    let text = pair.privateKey.withBytes { String(decoding: $0, as: UTF8.self) }
    let key = try #require(OpenSSHKey(text)?.signingKey())
    #expect(pair.publicKey == "\(key.publicKey.line) \(comment)")
  }

  @Test func `a server takes a generated key`() async throws {
    try await withServer { server in
      try await ScratchDirectory.with { directory in
        let pair = try Ed25519KeyPair.generate(comment: "client")
        var options = server.options()
        options.identities = [try write(pair, in: directory)]
        let keys = try #require(FileHandle(forWritingAtPath: "\(server.directory)/authorized_keys"))
        try keys.seekToEnd()
        try keys.write(contentsOf: Data((pair.publicKey + "\n").utf8))
        try keys.close()
        let connection = try await SSHConnection.connect(to: server.target(), options: options)
        await connection.close()
      }
    }
  }

  private func write(_ pair: Ed25519KeyPair, in directory: String) throws -> String {
    let path = "\(directory)/key"
    try pair.privateKey.withBytes { try Data($0).write(to: URL(filePath: path)) }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    return path
  }
}
