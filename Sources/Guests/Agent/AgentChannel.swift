import SSH

/// A way to a guest's agent and back: bytes in order, in pieces of any size.
public protocol AgentChannel: Sendable {
  /// Sends all of `bytes`, as fast as the agent takes them.
  func write(_ bytes: [UInt8]) async throws
  /// The next of what the agent says; `nil` once nothing more comes.
  func read() async throws -> [UInt8]?
  /// Gives it up; the agent ends.
  func close() async
  /// Whether reading tells, sooner or later, that the other side does not answer any more.
  var tellsSilence: Bool { get }
}

/// A command on a channel of an SSH connection; what shells print to its standard error is noise.
struct SSHAgentChannel: AgentChannel {
  let channel: SSHChannel
  var tellsSilence: Bool { true }

  func write(_ bytes: [UInt8]) async throws { try await channel.write(bytes) }

  func read() async throws -> [UInt8]? {
    while let output = try await channel.read() {
      if case .standard(let bytes) = output { return bytes }
    }
    return nil
  }

  func close() async { await channel.close() }
}
