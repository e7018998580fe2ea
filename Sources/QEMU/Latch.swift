internal import Synchronization

/// A value that comes once and that any number of tasks wait for.
final class Latch<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var waiting: [Int: CheckedContinuation<Value?, Never>] = [:]
    var next = 0
  }

  private let state = Mutex(State())

  /// The value, once it has come.
  var current: Value? { state.withLock { $0.value } }

  /// Gives the value to all who wait and to all who ask later; only the first call counts.
  func set(_ value: Value) {
    let waiting = state.withLock { state in
      guard state.value == nil else { return [CheckedContinuation<Value?, Never>]() }
      state.value = value
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume(returning: value) }
  }

  /// Waits for the value.
  /// - Throws: `CancellationError` where the waiting task is cancelled.
  func get() async throws -> Value {
    let ticket = state.withLock { state in
      state.next += 1
      return state.next
    }
    let value = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now = state.withLock { state -> Value?? in
          if let value = state.value { return .some(value) }
          if Task.isCancelled { return .some(nil) }
          state.waiting[ticket] = continuation
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      let continuation = state.withLock { $0.waiting.removeValue(forKey: ticket) }
      continuation?.resume(returning: nil)
    }
    guard let value else { throw CancellationError() }
    return value
  }

  /// Waits for the value, at most for `limit`.
  /// - Returns: `nil` when the limit has passed.
  func get(within limit: Duration) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await self.get() }
      group.addTask {
        try await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}
