internal import Synchronization

/// A restart that begins after the job that asked for it was ended.
///
/// A machine on its way down ends its jobs first, and may take one more connection before it stops
/// to: then a killed job is all that can be seen there.
final class LateRestart: Sendable {
  /// How long a machine may take connections after it has ended its jobs.
  static let patience = Duration.seconds(30)

  private let wentDown = Atomic(false)

  private enum News { case restarted(Duration), patienceIsOver }

  /// Waits for `guest` to restart; how long it was out of reach, or `nil` where it stays up.
  /// - Throws: ``GuestError`` where it went down and did not come back; `CancellationError`.
  func wait(
    for guest: any Guest, report: @escaping GuestReport
  ) async throws -> Duration? {
    try await withThrowingTaskGroup(of: News.self) { group in
      group.addTask {
        .restarted(
          try await guest.awaitRestart { [self] news in
            if case .connectionLost = news { wentDown.store(true, ordering: .releasing) }
            report(news)
          })
      }
      group.addTask {
        try await ContinuousClock().sleep(for: Self.patience)
        return .patienceIsOver
      }
      defer { group.cancelAll() }
      while let news = try await group.next() {
        if case .restarted(let away) = news { return away }
        if !wentDown.load(ordering: .acquiring) { return nil }
      }
      return nil
    }
  }
}
