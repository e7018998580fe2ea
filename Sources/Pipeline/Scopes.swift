/// Runs `body`, and ends it when `limit` passes.
///
/// `waitedFor` is what is named then: `the build`, `an answer of the agent`. The time of `rest` does
/// not count.
/// - Returns: what `body` returns.
/// - Throws: ``DeadlineExceeded`` when it passes, never a `CancellationError` of its own.
public func withDeadline<Result: Sendable>(
  _ limit: Duration, for waitedFor: String, except rest: Rest? = nil,
  _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      let start = ContinuousClock.now
      try await ContinuousClock().sleep(for: max(limit, .zero))
      while let rest, case let left = limit + rest.total - (ContinuousClock.now - start),
        left > .zero
      {
        try await ContinuousClock().sleep(for: max(left, Rest.shortestLook))
      }
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let result = first else {
      try Task.checkCancellation()
      group.cancelAll()
      // The body has its own clean-up to do before the time-out is told.
      while let rest = await group.nextResult() {
        if case .failure(let error) = rest, !(error is CancellationError) { break }
      }
      throw DeadlineExceeded(waitedFor: waitedFor, limit: limit)
    }
    return result
  }
}

/// Something took longer than it may.
public struct DeadlineExceeded: Error, Sendable, CustomStringConvertible {
  /// What was waited for.
  public let waitedFor: String
  /// How long.
  public let limit: Duration

  /// Says what was waited for, and how long.
  public init(waitedFor: String, limit: Duration) {
    self.waitedFor = waitedFor
    self.limit = limit
  }

  /// What the user reads.
  public var description: String { "waited \(limit.formatted) for \(waitedFor)" }
}

/// Acquires a resource, hands it to `body` and releases it, however that ends.
///
/// The release runs once, is never cancelled and has its own limit.
/// - Throws: what `body` throws; else what the release throws.
public func withResource<Resource: Sendable, Result: Sendable>(
  _ acquire: () async throws -> Resource,
  release: @escaping @Sendable (Resource) async throws -> Void,
  limit: Duration, for waitedFor: String,
  _ body: (Resource) async throws -> Result
) async throws -> Result {
  let resource = try await acquire()
  let result: Result
  do {
    result = try await body(resource)
  } catch let first {
    do {
      try await withRelease(limit: limit, for: waitedFor) { try await release(resource) }
    } catch {
      throw Unreleased(cause: first, leftover: error)
    }
    throw first
  }
  try await withRelease(limit: limit, for: waitedFor) { try await release(resource) }
  return result
}

/// Something failed, and the clean-up after it did too.
public struct Unreleased: Error, Sendable {
  /// What failed first: what the user needs to know.
  public let cause: any Error
  /// Why the clean-up failed.
  public let leftover: any Error
}

/// Runs clean-up that a cancellation of its caller must not stop.
///
/// This is the one place with an unstructured task: Swift 6.3 has no cancellation shield.
public func withRelease(
  limit: Duration, for waitedFor: String, _ body: @escaping @Sendable () async throws -> Void
) async throws {
  try await Task { try await withDeadline(limit, for: waitedFor, body) }.value
}

extension Duration {
  /// The duration in words that people use: `1.2s`, `20m0s` as Go and AIB's logs write it.
  public var formatted: String {
    let (seconds, attoseconds) = components
    guard seconds >= 60 else {
      let tenths = (Double(seconds) + Double(attoseconds) / 1e18) * 10
      return "\(tenths.rounded() / 10)s"
    }
    let hours = seconds >= 3600 ? "\(seconds / 3600)h" : ""
    return "\(hours)\(seconds % 3600 / 60)m\(seconds % 60)s"
  }
}
