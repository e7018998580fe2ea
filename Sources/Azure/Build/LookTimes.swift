internal import Synchronization

/// When somebody looks whether a machine still runs: from time to time, at once when it can't be
/// reached any more, and then every few seconds until it can.
final class LookTimes: Sendable {
  /// What a look leads to.
  enum Next { case again, enough }

  /// The wait between two looks at a machine that can't be reached.
  private static let beat = Duration.seconds(5)
  /// How many times that is between two looks at one that can.
  private static let beats = 12

  private enum Reach { case never, reached, lost }

  private let reach = Mutex(Reach.never)
  private let occasions: AsyncStream<Void>
  private let occasion: AsyncStream<Void>.Continuation

  init() {
    (occasions, occasion) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Somebody begins to reach the machine: where it was reached before, that was lost.
  func reaching() {
    let isLost = reach.withLock { reach in
      if reach == .reached { reach = .lost }
      return reach == .lost
    }
    if isLost { occasion.yield() }
  }

  /// The machine was reached.
  func reached() { reach.withLock { $0 = .reached } }

  /// Looks each time until one look is enough.
  /// - Throws: what `look` throws; `CancellationError`.
  func each(_ look: @escaping @Sendable () async throws -> Next) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.keepTime() }
      group.addTask {
        for await _ in self.occasions {
          if try await look() == .enough { return }
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func keepTime() async throws {
    for beat in 1... {
      try await ContinuousClock().sleep(for: Self.beat)
      if beat % Self.beats == 0 || reach.withLock({ $0 == .lost }) { occasion.yield() }
    }
  }
}
