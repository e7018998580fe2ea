internal import FoundationEssentials
internal import SystemPackage

#if canImport(Glibc)
  internal import Glibc
#endif

/// A real `sshd` on a loopback port, with keys of its own, for as long as a test needs it.
public struct SSHServer: Sendable {
  /// The loopback port that it listens at.
  public let port: Int
  /// A name that may log in: ``Configuration/account``.
  public let user: String
  /// The host keys, in the order of the configuration.
  public let hostKeys: [KeyPair]
  /// Where the server's files are; gone with the server.
  public let directory: String

  let daemon: Daemon
  private let mark: String

  /// Starts a server, hands it to `body` when it listens, and ends it with all its sessions and
  /// what they left running when `body` returns or throws.
  public static func with<Value>(
    _ configuration: Configuration = Configuration(), _ body: (SSHServer) async throws -> Value
  ) async throws -> Value {
    try await withAccount(configuration.account) { user in
      try await ScratchDirectory.with { directory in
        let files = try await SSHServerFiles(configuration, in: directory)
        return try await with(files, user: user, command: files.command, body)
      }
    }
  }

  /// The private file of the first host key.
  public var hostKeyFile: String { hostKeys[0].privateKeyFile }

  /// The first host key as `known_hosts` has it after the host: algorithm and base64.
  public var hostPublicKey: String { Self.withoutComment(hostKeys[0].publicKey) }

  /// A `known_hosts` file that has all host keys, for this server's port.
  public var knownHostsFile: String { "\(directory)/known_hosts" }

  /// Writes a `known_hosts` file for another port of 127.0.0.1 that leads to this server, as that
  /// of a ``FaultProxy`` does.
  /// - Returns: The file's path.
  public func knownHostsFile(port: Int) throws -> String {
    let path = "\(directory)/known_hosts.\(port)"
    try Data(knownHosts(port: port).utf8).write(to: URL(filePath: path))
    return path
  }

  /// Makes a key pair that may log in as any user of this machine.
  public func clientKey(
    _ kind: KeyPair.Kind = .ed25519, passphrase: String = ""
  ) async throws -> KeyPair {
    let key = try await KeyPair.make(kind, passphrase: passphrase, in: directory)
    let file = try FileDescriptor.open(
      "\(directory)/authorized_keys", .writeOnly, options: .append)
    _ = try file.closeAfter { try file.writeAll("\(key.publicKey)\n".utf8) }
    return key
  }

  /// All that `sshd` has said (`-e`, level VERBOSE), over all its starts.
  public var log: String {
    get throws { try String(contentsOfFile: "\(directory)/sshd.log", encoding: .utf8) }
  }

  /// Kills the server and all connections at once, and starts it again at the same port with the
  /// same keys.
  ///
  /// What the sessions started lives on.
  public func restart() async throws {
    try await stop()
    try await start()
  }

  /// Kills the server and all connections at once: from now on the port refuses.
  public func stop() async throws {
    // Stopped first, it can't take another connection while its sessions are looked for.
    await daemon.send(SIGSTOP)
    let sessions = try await sessions()
    await daemon.send(SIGKILL)
    try await end(sessions)
    try await daemon.waitUntilDown()
  }

  /// Starts the server after ``stop()``; returns when it listens.
  public func start() async throws {
    try await daemon.start()
    try await waitUntilListening()
  }

  /// Kills the processes that serve the connections, and nothing else: the server takes new
  /// ones, and what the sessions started lives on.
  public func killConnections() async throws {
    try await end(sessions())
  }

  /// How many processes serve connections now; `sshd` has up to two for each.
  public func connectionProcesses() async throws -> Int {
    try await sessions().count
  }
}

extension SSHServer {
  static func with<Value>(
    _ files: SSHServerFiles, user: String, command: Daemon.Command,
    _ body: (SSHServer) async throws -> Value
  ) async throws -> Value {
    try await Daemon.with(command) { daemon in
      let port = try await listen(daemon, files)
      let server = SSHServer(
        port: port, user: user, hostKeys: files.hostKeys, directory: files.directory,
        daemon: daemon, mark: files.mark)
      try Data(server.knownHosts(port: port).utf8)
        .write(to: URL(filePath: server.knownHostsFile))
      let outcome = await outcome(of: { try await body(server) })
      try await uncancelled { try await server.sweep() }
      return try outcome.get()
    }
  }

  static func withAccount<Value>(
    _ account: Configuration.Account, _ body: (String) async throws -> Value
  ) async throws -> Value {
    switch account {
    case .current: try await body(currentUser())
    case .named(let name): try await body(name)
    case .throwaway(let options): try await TestUser.with(options) { try await body($0.name) }
    }
  }

  /// Tries other ports where another process was faster.
  private static func listen(_ daemon: Daemon, _ files: SSHServerFiles) async throws -> Int {
    for attempt in 1... {
      let port = try freePort()
      try files.write(port: port)
      do {
        try await daemon.start()
        try await waitUntilListening(daemon)
        return port
      } catch {
        guard attempt < 5, try await daemon.currentLog().contains("Address already in use") else {
          throw error
        }
        try await daemon.waitUntilDown()
      }
    }
    throw KitError("could not start sshd")
  }

  func waitUntilListening() async throws {
    try await Self.waitUntilListening(daemon)
  }

  /// The log tells it without a connection, which would stand in the log of every test.
  private static func waitUntilListening(_ daemon: Daemon) async throws {
    try await waitUntil("sshd to listen") {
      let log = try await daemon.currentLog()
      if log.contains("Server listening on") { return true }
      if await daemon.process == nil { throw KitError("sshd ended at its start: \(log)") }
      return false
    }
  }

  /// The `sshd` processes that another `sshd` started: all but the one that listens.
  private func sessions() async throws -> [ProcessEntry] {
    guard let process = await daemon.process else { return [] }
    let table = try ProcessTable()
    let below = table.descendants(of: process)
    let servers = Set(
      table.entries.filter { $0.name.hasPrefix("sshd") }.map(\.id))
    return below.filter { servers.contains($0.id) && servers.contains($0.parent) }
  }

  private func end(_ processes: [ProcessEntry]) async throws {
    for process in processes { kill(process.id, SIGKILL) }
    let gone = Set(processes.map(\.id))
    try await waitUntil("the connections' processes to end") {
      try !ProcessTable().entries.contains { gone.contains($0.id) }
    }
  }

  private func sweep() async throws {
    try await stop()
    for process in try ProcessTable().carrying(mark) { kill(process.id, SIGKILL) }
  }

  private func knownHosts(port: Int) -> String {
    hostKeys.map { "[127.0.0.1]:\(port) \(Self.withoutComment($0.publicKey))\n" }.joined()
  }

  private static func withoutComment(_ key: String) -> String {
    key.split(separator: " ").prefix(2).joined(separator: " ")
  }

  static func currentUser() throws -> String {
    guard let entry = getpwuid(geteuid()) else {
      throw KitError("could not tell who runs the tests: no user has the id \(geteuid())")
    }
    return String(cString: entry.pointee.pw_name)
  }
}
