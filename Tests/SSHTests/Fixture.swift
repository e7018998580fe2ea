import Glibc
import SSH
import TestSupport

/// What a command left behind.
struct Outcome: Equatable {
  var output: [UInt8] = []
  var errors: [UInt8] = []
  var exit: SSHExit = .missing

  var text: String { String(decoding: output, as: UTF8.self) }
  var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Lends a server whose sessions don't read the own `~/.bashrc` of who runs the tests: Debian's
/// bash does that when `sshd` starts it as the outermost shell, and such files can be slow and say
/// things.
func withServer<Value>(
  _ configuration: SSHServer.Configuration = SSHServer.Configuration(),
  _ body: (SSHServer) async throws -> Value
) async throws -> Value {
  var configuration = configuration
  configuration.lines.append("SetEnv SHLVL=1")
  return try await SSHServer.with(configuration, body)
}

extension SSHServer {
  /// This server as a target, or one that leads to it from another port.
  func target(port: Int? = nil, user: String? = nil, host: String = "127.0.0.1") -> ResolvedTarget {
    ResolvedTarget(user: user ?? self.user, host: host, port: UInt16(port ?? self.port))
  }

  /// Options that accept this server's host key only, and no user's files.
  func options(_ keys: KeyPair...) -> SSHOptions {
    var options = SSHOptions()
    options.hostKeyPolicy = .pinned(hostPublicKey)
    options.identities = keys.map(\.privateKeyFile)
    options.connectTimeout = .seconds(20)
    return options
  }

  /// Lends a connection, and closes it afterwards.
  func connected<Value>(
    port: Int? = nil, _ change: (inout SSHOptions) -> Void = { _ in },
    _ body: (SSHConnection) async throws -> Value
  ) async throws -> Value {
    var options = options(try await clientKey())
    change(&options)
    let connection = try await SSHConnection.connect(to: target(port: port), options: options)
    do {
      let value = try await body(connection)
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }

  /// The error of a connection that does not come about.
  func refusal(
    _ options: SSHOptions, target: ResolvedTarget? = nil
  ) async throws -> SSHError {
    try await failure {
      _ = try await SSHConnection.connect(to: target ?? self.target(), options: options)
    }
  }
}

/// The `SSHError` that `body` throws.
func failure(_ body: () async throws -> Void) async throws -> SSHError {
  do {
    try await body()
  } catch let error as SSHError {
    return error
  }
  throw NothingThrown()
}

/// A call that should have failed did not.
struct NothingThrown: Error {}

extension SSHConnection {
  /// Runs a command to its end.
  func run(_ command: String, input: [UInt8] = []) async throws -> Outcome {
    let channel = try await open(command)
    async let sent: Void = {
      try await channel.write(input)
      try await channel.finishInput()
    }()
    let outcome = try await channel.outcome()
    try await sent
    await channel.close()
    return outcome
  }
}

extension SSHChannel {
  /// All output, and how the command ended.
  func outcome() async throws -> Outcome {
    var outcome = Outcome()
    while let piece = try await read() {
      switch piece {
      case .standard(let bytes): outcome.output += bytes
      case .error(let bytes): outcome.errors += bytes
      }
    }
    outcome.exit = try await exit()
    return outcome
  }
}

/// Bytes without a pattern that a fault could hide in; always the same ones.
///
/// Made eight at a time,
/// as a debug build would need seconds, in which no other test's tasks could run.
func noise(_ count: Int) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: (count + 7) / 8 * 8) { buffer, size in
    let words = UnsafeMutableRawBufferPointer(buffer).bindMemory(to: UInt64.self)
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    var index = 0
    while index < words.count {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      words[index] = state
      index += 1
    }
    size = count
  }
}

/// Whether two large arrays are the same.
///
/// `==` takes seconds for them in a debug build, in which no
/// other test's tasks could run.
func same(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  guard one.count == other.count else { return false }
  return one.withUnsafeBytes { one in
    other.withUnsafeBytes { other in
      guard let first = one.baseAddress, let second = other.baseAddress else { return true }
      return memcmp(first, second, one.count) == 0
    }
  }
}
