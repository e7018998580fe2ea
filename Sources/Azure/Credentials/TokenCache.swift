internal import Synchronization

/// Keeps tokens until they are to be renewed; asks for each but once at a time.
///
/// Tokens are held in memory alone.
public final class TokenCache: Sendable {
  private typealias Waiter = CheckedContinuation<Outcome, Never>

  /// What a request for a token came to, for those who waited for it.
  private enum Outcome: Sendable {
    case landed(Result<AccessToken, any Error>)
    /// Whoever asked gave up: somebody else must ask.
    case abandoned
  }

  private struct State {
    var tokens: [String: AccessToken] = [:]
    /// Who waits, for each audience that is being asked for.
    var flights: [String: [Int: Waiter]] = [:]
    var next = 0
  }

  private let source: any TokenSource
  private let now: @Sendable () -> Int64
  private let state = Mutex(State())

  /// A cache before `source`.
  public init(_ source: any TokenSource, pace: Pace = .machine) {
    self.source = source
    now = pace.now
  }

  /// A token that is good for some minutes at least.
  ///
  /// A token that should be renewed and can't be is given as long as it is good.
  /// - Throws: what the source throws; `CancellationError`.
  public func token(for audience: String) async throws -> AccessToken {
    try await token(for: audience, claims: nil)
  }

  /// Forgets a token that a service refused, where it is still the one that is kept.
  func forget(_ token: AccessToken, for audience: String) {
    state.withLock { state in
      if state.tokens[audience] == token { state.tokens[audience] = nil }
    }
  }

  /// As ``token(for:)``; with claims that a service asked for, always a new one.
  func token(for audience: String, claims: String?) async throws -> AccessToken {
    while true {
      let kept = state.withLock { state -> AccessToken? in
        if claims == nil, let token = state.tokens[audience], now() < token.renewal {
          return token
        }
        return nil
      }
      if let kept { return kept }
      guard takeOff(audience) else {
        if case .landed(let result) = await wait(for: audience) { return try result.get() }
        try Task.checkCancellation()
        continue
      }
      return try await fetch(audience, claims)
    }
  }

  /// Whether this caller is the one to ask.
  private func takeOff(_ audience: String) -> Bool {
    state.withLock { state in
      guard state.flights[audience] == nil else { return false }
      state.flights[audience] = [:]
      return true
    }
  }

  private func fetch(_ audience: String, _ claims: String?) async throws -> AccessToken {
    do {
      let token = try await source.token(for: audience, claims: claims)
      land(audience, .landed(.success(token)), keep: token)
      return token
    } catch let error as CancellationError {
      land(audience, .abandoned, keep: nil)
      throw error
    } catch {
      let old = state.withLock { $0.tokens[audience] }
      if claims == nil, let old, now() < old.expires {
        land(audience, .landed(.success(old)), keep: nil)
        return old
      }
      land(audience, .landed(.failure(error)), keep: nil)
      throw error
    }
  }

  private func land(_ audience: String, _ outcome: Outcome, keep token: AccessToken?) {
    let waiting = state.withLock { state in
      if let token { state.tokens[audience] = token }
      return state.flights.removeValue(forKey: audience) ?? [:]
    }
    for continuation in waiting.values { continuation.resume(returning: outcome) }
  }

  private func wait(for audience: String) async -> Outcome {
    let ticket = state.withLock { state in
      state.next += 1
      return state.next
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = state.withLock { state in
          guard !Task.isCancelled, state.flights[audience] != nil else { return false }
          state.flights[audience]?[ticket] = continuation
          return true
        }
        if !isWaiting { continuation.resume(returning: .abandoned) }
      }
    } onCancel: {
      let continuation = state.withLock { $0.flights[audience]?.removeValue(forKey: ticket) }
      continuation?.resume(returning: .abandoned)
    }
  }
}
