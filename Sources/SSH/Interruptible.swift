internal import CSSH2
internal import Dispatch
internal import Glibc

/// Runs `body`, which may block, on a thread of its own.
///
/// When the task is cancelled, the
/// descriptor that `body` gets becomes readable; a body that returns `nil` then says that it gave
/// up for that.
func interruptibly<Value: Sendable>(
  _ body: @escaping @Sendable (_ cancelled: Int32) throws -> Value?
) async throws -> Value {
  let cancelled = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
  guard cancelled >= 0 else {
    throw SSHError(
      .unreachable, "could not make a descriptor", lowerCased(systemText(errno)), code: errno)
  }
  defer { close(cancelled) }
  let value = try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "kiln.ssh.blocking").async {
        continuation.resume(with: Result { try body(cancelled) })
      }
    }
  } onCancel: {
    eventfd_write(cancelled, 1)
  }
  guard let value else { throw CancellationError() }
  return value
}
