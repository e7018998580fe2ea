import FoundationEssentials
import SSH
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct HostKeyTests {
  @Test func `a known host is connected to`() async throws {
    try await withServer { server in
      try await connects(server, lines: ["[127.0.0.1]:\(server.port) \(server.hostPublicKey)"])
    }
  }

  @Test func `a wildcard entry knows the host`() async throws {
    try await withServer { server in
      try await connects(server, lines: ["# comment", "", "[127.0.*]:* \(server.hostPublicKey)"])
    }
  }

  @Test func `a hashed entry knows the host`() async throws {
    try await withServer { server in
      let plain = "[127.0.0.1]:\(server.port) \(server.hostPublicKey)"
      let file = try knownHosts([plain], server)
      _ = try await TestSupport.run("ssh-keygen", ["-q", "-H", "-f", file]).succeeded()
      #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("|1|"))
      try await connects(server, file: file)
    }
  }

  @Test func `an unknown host is refused with its fingerprint and a way on`() async throws {
    try await withServer { server in
      let print = try await TestSupport.run("ssh-keygen", ["-lf", server.hostKeyFile + ".pub"])
      let fingerprint = String(print.stdout.split(separator: " ")[1])
      let error = try await refused(server, lines: ["other.example \(server.hostPublicKey)"])
      #expect(error.kind == .hostKeyUnknown)
      #expect(
        error.reason == "the host key is not known: ED25519 key with fingerprint \(fingerprint)")
      #expect(error.hint?.contains("--accept-host-key") == true)
    }
  }

  @Test func `an entry for port 22 does not stand for another port`() async throws {
    try await withServer { server in
      let error = try await refused(server, lines: ["127.0.0.1 \(server.hostPublicKey)"])
      #expect(error.kind == .hostKeyUnknown)
    }
  }

  @Test func `a negated pattern excludes the host`() async throws {
    try await withServer { server in
      let name = "[127.0.0.1]:\(server.port)"
      let error = try await refused(server, lines: ["*,!\(name) \(server.hostPublicKey)"])
      #expect(error.kind == .hostKeyUnknown)
    }
  }

  @Test(arguments: [HostKeyPolicy.known, .acceptNew])
  func `a changed key is refused and the entry named`(policy: HostKeyPolicy) async throws {
    try await withServer { server in
      let other = try await server.clientKey().publicKey
      let lines = ["# first", "[127.0.0.1]:\(server.port) \(other)"]
      let error = try await refused(server, lines: lines, policy)
      #expect(error.kind == .hostKeyChanged)
      #expect(error.reason.contains("/my_hosts:2 has SHA256:"))
    }
  }

  @Test func `another type of key than the known one is a changed key`() async throws {
    try await withServer { server in
      let other = try await server.clientKey(.ecdsa).publicKey
      let line = "[127.0.0.1]:\(server.port) \(other)"
      let error = try await refused(server, lines: [line], .acceptNew)
      #expect(error.kind == .hostKeyChanged)
    }
  }

  @Test(arguments: [0, 1])
  func `of a host's several keys the known one is asked for`(index: Int) async throws {
    let configuration = SSHServer.Configuration(hostKeys: [.ed25519, .ecdsa])
    try await withServer(configuration) { server in
      let key = server.hostKeys[index].publicKey
      try await connects(server, lines: ["[127.0.0.1]:\(server.port) \(key)"])
    }
  }

  @Test func `a revoked key is refused even where it is known`() async throws {
    try await withServer { server in
      let name = "[127.0.0.1]:\(server.port)"
      let lines = ["\(name) \(server.hostPublicKey)", "@revoked * \(server.hostPublicKey)"]
      let error = try await refused(server, lines: lines)
      #expect(error.kind == .hostKeyRevoked)
      #expect(error.reason.hasSuffix("/my_hosts:2"))
    }
  }

  @Test func `a certificate authority's line is no host key`() async throws {
    try await withServer { server in
      let error = try await refused(server, lines: ["@cert-authority * \(server.hostPublicKey)"])
      #expect(error.kind == .hostKeyUnknown)
    }
  }

  @Test func `a new host is added to the file and known from then on`() async throws {
    try await withServer { server in
      let file = "\(server.directory)/new/known_hosts"
      try await connects(server, file: file, .acceptNew)
      let line = "[127.0.0.1]:\(server.port) \(server.hostPublicKey)\n"
      #expect(try String(contentsOfFile: file, encoding: .utf8) == line)
      try await connects(server, file: file, .acceptNew)
      #expect(try String(contentsOfFile: file, encoding: .utf8) == line)
      try await connects(server, file: file)
    }
  }

  @Test func `a new host does not spoil a last line without its end`() async throws {
    try await withServer { server in
      let file = "\(server.directory)/my_hosts"
      try Data("other.example \(server.hostPublicKey)".utf8).write(to: URL(filePath: file))
      try await connects(server, file: file, .acceptNew)
      #expect(try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").count == 2)
    }
  }

  @Test func `a pinned key lets no other host in`() async throws {
    try await withServer { server in
      var options = server.options(try await server.clientKey())
      options.hostKeyPolicy = .pinned(try await server.clientKey().publicKey)
      #expect(try await server.refusal(options).kind == .hostKeyChanged)
    }
  }

  @Test func `a server with only an RSA host key is refused with the reason`() async throws {
    try await withServer(SSHServer.Configuration(hostKeys: [.rsa])) { server in
      let error = try await refused(server, lines: [])
      #expect(error.kind == .handshakeFailed)
      #expect(error.code == -5)
      #expect(error.hint?.contains("ed25519") == true)
    }
  }

  @Test func `a host key alias is the name that is looked for`() async throws {
    try await withServer { server in
      let file = try knownHosts(["build-7 \(server.hostPublicKey)"], server)
      var target = server.target()
      target.hostKeyAlias = "build-7"
      target.knownHostsFiles = [file]
      var options = server.options(try await server.clientKey())
      options.hostKeyPolicy = .known
      let connection = try await SSHConnection.connect(to: target, options: options)
      await connection.close()
    }
  }

  private func connects(_ server: SSHServer, lines: [String]) async throws {
    try await connects(server, file: try knownHosts(lines, server))
  }

  private func connects(
    _ server: SSHServer, file: String, _ policy: HostKeyPolicy = .known
  ) async throws {
    var options = server.options(try await server.clientKey())
    options.hostKeyPolicy = policy
    options.knownHostsFiles = [file]
    let connection = try await SSHConnection.connect(to: server.target(), options: options)
    await connection.close()
  }

  private func refused(
    _ server: SSHServer, lines: [String], _ policy: HostKeyPolicy = .known
  ) async throws -> SSHError {
    var options = server.options(try await server.clientKey())
    options.hostKeyPolicy = policy
    options.knownHostsFiles = [try knownHosts(lines, server)]
    return try await server.refusal(options)
  }

  private func knownHosts(_ lines: [String], _ server: SSHServer) throws -> String {
    let file = "\(server.directory)/my_hosts"
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: file))
    return file
  }
}
