internal import Synchronization

/// Time that does not count: a build's deadline waits while somebody thinks.
public final class Rest: Sendable {
  private struct State {
    var past = Duration.zero
    var since: ContinuousClock.Instant?
    var depth = 0
  }

  private let state = Mutex(State())

  /// Begins with no rest.
  public init() {}

  /// The rest so far.
  public var total: Duration {
    state.withLock { $0.past + ($0.since.map { ContinuousClock.now - $0 } ?? .zero) }
  }

  /// Runs `body`, whose time is rest.
  public func during<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    state.withLock { state in
      state.depth += 1
      state.since = state.since ?? .now
    }
    defer {
      state.withLock { state in
        state.depth -= 1
        if state.depth == 0, let since = state.since {
          state.past += ContinuousClock.now - since
          state.since = nil
        }
      }
    }
    return try await body()
  }

  /// The shortest pause before looking again whether a deadline that rests has passed.
  static let shortestLook = Duration.milliseconds(500)
}
