import Pipeline
import SSH

/// Large files go by several lanes at once: agents on channels of their own, each with a window
/// of its own, since a server takes no more than 2 MiB a round trip on one channel.
///
/// The jobs' agent makes ready for the file, and in the end moves it to its destination.
extension SSHGuest {
  /// How many lanes there are, where the server allows as many channels.
  private static let laneCount = 2
  /// Files up to this size are there before a second lane would have helped.
  private static let oneLaneAtMost = 16 * 1024 * 1024

  /// Sends what the guest has not got of a file, and returns what its agent makes of it.
  func send(_ transfer: Transfer, _ agent: AgentSession) async throws -> [String] {
    async let opening = lane(0)
    let ready = try await agent.ask(transfer.beginRequest)
    guard ready.first == "ready" else { return ready }
    // Less than it said that it had: something on the guest removed the file.
    if ready.last.flatMap(Int.init) ?? 0 < transfer.end { transfer.startOver() }
    let first = try await opening ?? agent
    guard let refusal = try await send(transfer, agent, first) else {
      return try await agent.ask(transfer.endRequest)
    }
    await dropLanes(first)
    try await self.agent(transfer.report).send(transfer.discardRequest)
    return refusal
  }

  /// Sends all that is missing, by the first lane and others beside it; what the guest says where it
  /// refuses a piece.
  private func send(
    _ transfer: Transfer, _ agent: AgentSession, _ first: AgentSession
  ) async throws -> [String]? {
    try await withThrowingTaskGroup(of: [String]?.self) { group in
      group.addTask { try await transfer.run(on: first) }
      let isLarge = transfer.file.source.count > Self.oneLaneAtMost
      for number in 1..<Self.laneCount where isLarge && first !== agent {
        group.addTask {
          guard let lane = try await self.lane(number) else { return nil }
          return try await transfer.run(on: lane)
        }
      }
      defer { group.cancelAll() }
      while !transfer.isComplete, let refusal = try await group.next() {
        if let refusal { return refusal }
      }
      return nil
    }
  }
}

extension AgentSession {
  /// Sends a request about a file, and returns what the agent says to it.
  fileprivate func ask(_ request: String) async throws -> [String] {
    try await send(request)
    return try await words(after: "f")
  }
}
