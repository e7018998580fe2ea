import Dispatch
import Foundation
import Pipeline
import Synchronization

/// Turns SIGINT and SIGTERM into a cancellation.
///
/// The second one ends the process at once: what it
/// leaves is for `kiln gc`.
final class Signals: Sendable {
  private let received = Mutex<KilnExit?>(nil)

  /// The exit code of the signal that came, if one came.
  var stop: KilnExit? { received.withLock { $0 } }

  /// Runs `body`, and cancels it when the first signal comes, which `note` is told of.
  func cancelling<Result: Sendable>(
    _ note: @escaping @Sendable (KilnExit) -> Void = { _ in },
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let work = Task { try await body() }
    let sources = [(SIGINT, KilnExit.interrupted), (SIGTERM, .terminated)].map { number, exit in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [self] in
        let first = received.withLock { stop in
          defer { stop = stop ?? exit }
          return stop == nil
        }
        guard first else { _exit(exit.rawValue) }
        note(exit)
        work.cancel()
      }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    return try await work.value
  }
}
