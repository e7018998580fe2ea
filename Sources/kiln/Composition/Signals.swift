import Dispatch
import Foundation
import Pipeline
import Synchronization

/// Turns SIGINT and SIGTERM into a cancellation. The second one ends the process at once: what it
/// leaves is for `kiln gc`.
///
/// One of these serves a process from its beginning to its end: libdispatch loses signals when a
/// second source for the same one is made while the first goes away.
final class Signals: Sendable {
  private struct State {
    var stop: KilnExit?
    var act: (@Sendable (KilnExit) -> Void)?
    var sources: [any DispatchSourceSignal] = []
  }

  private let state = Mutex(State())

  /// Watches from now on.
  init() {
    state.withLock { state in
      state.sources = [
        Self.source(SIGINT) { [weak self] in self?.receive(.interrupted) },
        Self.source(SIGTERM) { [weak self] in self?.receive(.terminated) },
      ]
    }
  }

  private static func source(
    _ number: CInt, _ act: @escaping @Sendable () -> Void
  ) -> any DispatchSourceSignal {
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: act)
    source.resume()
    return source
  }

  deinit {
    state.withLock { for source in $0.sources { source.cancel() } }
  }

  /// The exit code of the signal that came, if one came.
  var stop: KilnExit? { state.withLock { $0.stop } }

  /// Runs `body`, and cancels it when the first signal comes, which `note` is told of.
  func cancelling<Result: Sendable>(
    _ note: @escaping @Sendable (KilnExit) -> Void = { _ in },
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let work = Task { try await body() }
    let act: @Sendable (KilnExit) -> Void = { exit in
      note(exit)
      work.cancel()
    }
    let earlier = state.withLock { state in
      state.act = act
      return state.stop
    }
    if let earlier { act(earlier) }
    defer { state.withLock { $0.act = nil } }
    return try await work.value
  }

  private func receive(_ exit: KilnExit) {
    let (isFirst, act) = state.withLock { state in
      defer { state.stop = state.stop ?? exit }
      return (state.stop == nil, state.act)
    }
    guard isFirst else { _exit(exit.rawValue) }
    act?(exit)
  }
}
