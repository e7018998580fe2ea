import TestSupport

/// The real `ssh`, as a test of the kit needs it.
struct SSHClient {
  let server: SSHServer
  let key: KeyPair
  let user: String
  let port: Int
  let knownHosts: String

  init(_ server: SSHServer, user: String? = nil, through port: Int? = nil) async throws {
    self.server = server
    self.user = user ?? server.user
    self.port = port ?? server.port
    key = try await server.clientKey()
    knownHosts = try port.map { try server.knownHostsFile(port: $0) } ?? server.knownHostsFile
  }

  func run(_ command: String) async throws -> Ran {
    try await TestSupport.run("ssh", arguments + [command])
  }

  var arguments: [String] {
    [
      "-F", "none", "-i", key.privateKeyFile, "-p", String(port), "-l", user,
      "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
      "-o", "UserKnownHostsFile=\(knownHosts)", "-o", "GlobalKnownHostsFile=none",
      "-o", "ConnectTimeout=10", "127.0.0.1",
    ]
  }
}
