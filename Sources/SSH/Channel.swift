internal import CSSH2

/// One channel of a session, as the session sees it.
final class Channel {
  let pointer: OpaquePointer
  /// Which stream is read first next time, so that neither starves the other.
  var errorsFirst = false
  /// Whether a write may begin; only one can be under way, as libssh2 continues it.
  var writer: Writer = .idle
  /// The name of the signal that ended the command.
  var signal: String?

  enum Writer { case idle, busy, broken, finished }

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  /// Whether the server has closed the channel.
  var isClosed: Bool { libssh2_channel_wait_closed(pointer) == 0 }
}

/// A channel that is being opened.
///
/// libssh2 opens one at a time and must be let finish, so the
/// session does it, and goes on when the one who asked does not wait any more.
struct ChannelOpening {
  enum Purpose: Sendable {
    case command
    case tunnel(host: String, port: UInt16)
  }

  let id: Int
  let purpose: Purpose
  let operation: String
  var continuation: CheckedContinuation<Int, any Error>?
}

extension Session {
  /// How much a server may send on a channel before it is read: enough for 100 MB/s at 40 ms.
  private static let window: UInt32 = 4 * 1024 * 1024
  private static let packet: UInt32 = 32768

  /// Opens a channel; its number.
  func openChannel(_ purpose: ChannelOpening.Purpose, _ operation: String) async throws -> Int {
    try check(operation)
    let id = newID()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        openings.append(
          ChannelOpening(
            id: id, purpose: purpose, operation: operation, continuation: continuation))
        advanceOpenings()
        wire.flush()
      }
    } onCancel: {
      loop.perform { [self] in assumeIsolated { $0.cancelOpening(id) } }
    }
  }

  private func cancelOpening(_ id: Int) {
    guard let index = openings.firstIndex(where: { $0.id == id }) else { return }
    openings[index].continuation?.resume(throwing: CancellationError())
    openings[index].continuation = nil
    if index > 0 { openings.remove(at: index) }
  }

  func advanceOpenings() {
    while failure == nil, let opening = openings.first {
      let pointer = open(opening.purpose)
      if pointer == nil, libssh2_session_last_errno(handle.pointer) == LIBSSH2_ERROR_EAGAIN {
        return
      }
      let error = pointer == nil ? failed(opening.operation, .channelRefused) : nil
      guard failure == nil else { return }
      openings.removeFirst()
      deliver(pointer, error, to: opening)
    }
  }

  private func deliver(_ pointer: OpaquePointer?, _ error: SSHError?, to opening: ChannelOpening) {
    guard let pointer else {
      if let error { opening.continuation?.resume(throwing: error) }
      return
    }
    guard let continuation = opening.continuation else {
      closing.append(pointer)
      return
    }
    guard kiln_ssh_forget_exit_status(pointer) == 0 else {
      closing.append(pointer)
      continuation.resume(
        throwing: SSHError(
          .protocolViolation, opening.operation,
          "this build of libssh2 hides whether an exit status has arrived"))
      return
    }
    channels[opening.id] = Channel(pointer)
    continuation.resume(returning: opening.id)
  }

  private func open(_ purpose: ChannelOpening.Purpose) -> OpaquePointer? {
    switch purpose {
    case .command:
      let type = "session"
      return libssh2_channel_open_ex(
        handle.pointer, type, UInt32(type.utf8.count), Self.window, Self.packet, nil, 0)
    case .tunnel(let host, let port):
      return libssh2_channel_direct_tcpip_ex(
        handle.pointer, host, Int32(port), "127.0.0.1", 0)
    }
  }

  /// Has the server start `command` on a fresh channel.
  func start(_ command: String, on id: Int) async throws {
    let operation = "could not start a command on \(target)"
    let channel = try channel(id, operation)
    let bytes = Array(command.utf8)
    let type = "exec"
    let code = try await complete(operation) {
      bytes.withUnsafeBytes { bytes in
        libssh2_channel_process_startup(
          channel.pointer, type, UInt32(type.utf8.count),
          bytes.bindMemory(to: CChar.self).baseAddress, UInt32(bytes.count))
      }
    }
    guard code == 0 else { throw failed(operation, .channelRefused) }
  }

  func channel(_ id: Int, _ operation: String) throws(SSHError) -> Channel {
    if let channel = channels[id] { return channel }
    try check(operation)
    throw SSHError(.channelClosed, operation, "the channel was closed")
  }

  /// Gives a channel up: the server is told, and nobody waits for its answer.
  func closeChannel(_ id: Int) {
    guard let channel = channels.removeValue(forKey: id) else { return }
    if failure == nil, libssh2_channel_free(channel.pointer) == LIBSSH2_ERROR_EAGAIN {
      closing.append(channel.pointer)
    }
    wire.flush()
    wake()
  }
}
