import SSH
import Testing

@Suite struct Smoke {
  @Test func `a command runs`() async throws {
    var options = SSHOptions()
    options.identities = ["/tmp/sshlab/id_ed25519"]
    options.hostKeyPolicy = .acceptNew
    options.knownHostsFiles = ["/tmp/sshlab/known"]
    let connection = try await SSHConnection.connect(
      to: ResolvedTarget(user: "root", host: "127.0.0.1", port: 2299), options: options)
    let channel = try await connection.open("cat; echo oops >&2; exit 3")
    try await channel.write(Array("hello".utf8))
    try await channel.finishInput()
    var out: [SSHOutput] = []
    while let piece = try await channel.read() { out.append(piece) }
    #expect(out.contains(.standard(Array("hello".utf8))))
    #expect(out.contains(.error(Array("oops\n".utf8))))
    #expect(try await channel.exit() == .status(3))
    await connection.close()
  }
}
