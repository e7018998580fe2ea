internal import Foundation
internal import Glibc
internal import Synchronization

/// Work on a thread of its own: it waits for files, and for processes that take what it gives.
enum Worker {
  /// How much less than others it gets of the processors where it works `beside` a machine: that comes
  /// first, but beside other work the lowest priority of all would never end.
  private static let lowered: Int32 = 10

  /// Runs `body`, which asks now and then whether it may go on: a cancellation is thrown to it there.
  static func run<Value: Sendable>(
    beside machine: Bool,
    _ body: @escaping @Sendable (_ mayGoOn: () throws -> Void) throws -> Value
  ) async throws -> Value {
    let flag = Flag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let thread = Thread {
          // Of this thread alone, on Linux.
          if machine { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, lowered) }
          continuation.resume(
            with: Result {
              try body { if flag.isRaised.load(ordering: .relaxed) { throw CancellationError() } }
            })
        }
        thread.name = "kiln.memory"
        thread.start()
      }
    } onCancel: {
      flag.isRaised.store(true, ordering: .relaxed)
    }
  }

  private final class Flag: Sendable {
    let isRaised = Atomic(false)
  }
}
