import Dispatch
import Synchronization

/// Waits until a descriptor can be read from.
enum Readiness {
  /// Returns when there is something to read, or the end.
  /// - Throws: `CancellationError`.
  static func wait(for descriptor: CInt) async throws {
    let waiting = Waiting(descriptor)
    let end = await withTaskCancellationHandler {
      await withCheckedContinuation { waiting.begin($0) }
    } onCancel: {
      waiting.end(.cancelled)
    }
    guard end == .readable else { throw CancellationError() }
  }

  /// One wait.
  private final class Waiting: Sendable {
    enum End { case readable, cancelled }

    private struct State {
      var end: End?
      var continuation: CheckedContinuation<End, Never>?
      var source: (any DispatchSourceRead)?
    }

    private let descriptor: CInt
    private let state = Mutex(State())

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    func begin(_ continuation: CheckedContinuation<End, Never>) {
      let earlier = state.withLock { state in
        if let end = state.end { return end as End? }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler { [self] in end(.readable) }
        state.continuation = continuation
        state.source = source
        source.activate()
        return nil
      }
      if let earlier { continuation.resume(returning: earlier) }
    }

    func end(_ end: End) {
      let continuation = state.withLock { state in
        guard state.end == nil else { return nil as CheckedContinuation<End, Never>? }
        state.end = end
        state.source?.cancel()
        state.source = nil
        defer { state.continuation = nil }
        return state.continuation
      }
      continuation?.resume(returning: end)
    }
  }
}
