import SSH
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct KeyTests {
  @Test(arguments: KeyPair.Kind.allCases)
  func `a key file in OpenSSH's format logs in`(kind: KeyPair.Kind) async throws {
    try await withServer { server in
      try await logsIn(server, server.options(try await server.clientKey(kind)))
    }
  }

  @Test(arguments: ["-b 2048 -t rsa -m PEM", "-b 2048 -t rsa -m PKCS8", "-t ecdsa -m PEM"])
  func `a key file in PEM logs in`(form: String) async throws {
    try await withServer { server in
      try await logsIn(server, server.options(try await key(form, "", server)))
    }
  }

  @Test(arguments: ["-t ecdsa -b 384", "-t ecdsa -b 521", "-t rsa -b 3072"])
  func `a longer key logs in`(form: String) async throws {
    try await withServer { server in
      try await logsIn(server, server.options(try await key(form, "", server)))
    }
  }

  @Test(arguments: ["-t ed25519", "-t ecdsa", "-t rsa -b 2048 -m PEM", "-t rsa -b 2048 -m PKCS8"])
  func `an encrypted key file logs in with its passphrase`(form: String) async throws {
    try await withServer { server in
      let key = try await key(form, "open sesame", server)
      var options = server.options(key)
      options.ask = { question in
        question == .passphrase(file: key.privateKeyFile) ? Secret("open sesame") : nil
      }
      try await logsIn(server, options)
    }
  }

  @Test(arguments: ["-t ed25519", "-t rsa -b 2048 -m PEM"])
  func `a wrong passphrase may be corrected twice`(form: String) async throws {
    try await withServer { server in
      let key = try await key(form, "third", server)
      let answers = Answers("first", "second", "third")
      var options = server.options(key)
      options.ask = { _ in answers.next() }
      try await logsIn(server, options)
      #expect(answers.asked == 3)
    }
  }

  @Test(arguments: ["-t ed25519", "-t rsa -b 2048 -m PEM"])
  func `a passphrase is not asked for when the server refuses the key`(form: String) async throws {
    try await withServer { server in
      let answers = Answers("secret")
      try await ScratchDirectory.with { directory in
        let path = try await Self.generate(form, "secret", in: directory)
        var options = server.options()
        options.identities = [path]
        options.ask = { question in
          if case .password = question { return nil }
          return answers.next()
        }
        let error = try await server.refusal(options)
        #expect(error.kind == .authenticationFailed)
        #expect(answers.asked == 0)
      }
    }
  }

  @Test func `an encrypted RSA key in OpenSSH's format names the way out`() async throws {
    try await withServer { server in
      let key = try await key("-t rsa -b 2048", "secret", server)
      let error = try await server.refusal(server.options(key))
      #expect(error.reason.contains("ssh-keygen -p -m PEM -f \(key.privateKeyFile)"))
    }
  }

  @Test(arguments: KeyPair.Kind.allCases)
  func `a key of the agent logs in`(kind: KeyPair.Kind) async throws {
    try await withServer { server in
      try await RunningAgent.with { agent in
        try await agent.add(try await server.clientKey(kind))
        var options = server.options()
        options.agentSocket = agent.socket
        try await logsIn(server, options)
      }
    }
  }

  @Test func `only named keys of the agent are offered when the target says so`() async throws {
    try await withServer { server in
      try await RunningAgent.with { agent in
        let (first, second) = (try await server.clientKey(), try await server.clientKey())
        try await agent.add(first)
        var options = server.options()
        options.agentSocket = agent.socket
        var target = server.target()
        target.offer = .filesOnly
        let error = try await server.refusal(options, target: target)
        #expect(error.reason.contains("no key to offer"))
        target.identities = [second.privateKeyFile]
        let connection = try await SSHConnection.connect(to: target, options: options)
        await connection.close()
        #expect(try server.log.contains("Accepted key"))
      }
    }
  }

  @Test func `an agent that is not there does not keep a key file from logging in`() async throws {
    try await withServer { server in
      let key = try await server.clientKey()
      var options = server.options()
      options.agentSocket = "/nonexistent/agent"
      var target = server.target()
      target.identities = [key.privateKeyFile]
      let connection = try await SSHConnection.connect(to: target, options: options)
      await connection.close()
    }
  }

  @Test func `a refused login lists the keys and what the server accepts`() async throws {
    try await withServer { server in
      try await ScratchDirectory.with { directory in
        let path = try await Self.generate("-t ed25519", "", in: directory)
        var options = server.options()
        options.identities = [path, "\(directory)/absent"]
        let error = try await server.refusal(options)
        #expect(error.kind == .authenticationFailed)
        #expect(error.operation == "could not log in to \(server.target())")
        #expect(error.reason.contains("\(path) (ED25519, SHA256:"))
        #expect(error.reason.contains("\(directory)/absent: there is no such file"))
        #expect(error.reason.contains("the server accepts publickey, password"))
      }
    }
  }

  @Test func `a file that is no key is named`() async throws {
    try await withServer { server in
      var options = server.options()
      options.identities = ["/etc/passwd"]
      let error = try await server.refusal(options)
      #expect(error.reason.contains("/etc/passwd: it is not a private key"))
    }
  }

  @Test(.requiresRoot) func `a password logs in, and a wrong one may be corrected`() async throws {
    let account = SSHServer.Configuration.Account.throwaway(.init(password: "correct horse"))
    try await withServer(SSHServer.Configuration(account: account)) { server in
      let answers = Answers("wrong", "correct horse")
      var options = server.options()
      options.ask = { _ in answers.next() }
      try await logsIn(server, options)
      #expect(answers.asked == 2)
    }
  }

  @Test(.requiresRoot) func `a password answers the server's own question`() async throws {
    let configuration = SSHServer.Configuration(
      account: .throwaway(.init(password: "correct horse")),
      lines: ["UsePAM yes", "KbdInteractiveAuthentication yes", "PasswordAuthentication no"])
    try await withServer(configuration) { server in
      var options = server.options()
      options.ask = { _ in Secret("correct horse") }
      try await logsIn(server, options)
    }
  }

  @Test func `a secret never prints`() {
    let secret = Secret("open sesame")
    #expect("\(secret)" == "***")
    #expect(String(reflecting: secret) == "***")
    var dumped = ""
    dump([secret], to: &dumped)
    #expect(!dumped.contains("sesame"))
  }

  private func logsIn(_ server: SSHServer, _ options: SSHOptions) async throws {
    let connection = try await SSHConnection.connect(to: server.target(), options: options)
    #expect(try await connection.run("echo in").text == "in\n")
    await connection.close()
  }

  /// A key that may log in, made with further options of `ssh-keygen`.
  private func key(
    _ form: String, _ passphrase: String, _ server: SSHServer
  ) async throws -> KeyFileOnDisk {
    let path = try await Self.generate(form, passphrase, in: server.directory)
    _ = try await TestSupport.run(
      "sh", ["-c", "cat '\(path).pub' >>'\(server.directory)/authorized_keys'"]
    ).succeeded()
    return KeyFileOnDisk(privateKeyFile: path)
  }

  private static func generate(
    _ form: String, _ passphrase: String, in directory: String
  ) async throws -> String {
    let path = "\(directory)/key"
    let options = form.split(separator: " ").map(String.init)
    _ = try await TestSupport.run("ssh-keygen", ["-q", "-N", passphrase, "-f", path] + options)
      .succeeded()
    return path
  }
}

struct KeyFileOnDisk: Sendable {
  let privateKeyFile: String
}

extension SSHServer {
  fileprivate func options(_ key: KeyFileOnDisk) -> SSHOptions {
    var options = options()
    options.identities = [key.privateKeyFile]
    return options
  }
}
