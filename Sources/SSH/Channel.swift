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

/// A channel that is being opened, with what it is for.
///
/// libssh2 opens one at a time and must be let finish, so the session does it, and goes on when the
/// one who asked does not wait any more. The start of a command is a part of it: libssh2 1.10
/// (packet.c) gives the connection up when it waits for the answer to one start and reads that to
/// another.
struct ChannelOpening {
  enum Purpose: Sendable {
    case command(String)
    case tunnel(host: String, port: UInt16)
  }

  let id: Int
  let purpose: Purpose
  let operation: String
  var continuation: CheckedContinuation<Int, any Error>?
  /// The channel that the server opened, while its command is being started.
  var opened: OpaquePointer?
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
      guard let pointer = opening.opened ?? open(opening.purpose) else {
        if libssh2_session_last_errno(handle.pointer) == LIBSSH2_ERROR_EAGAIN { return }
        finishOpening(.failure(failed(opening.operation, .channelRefused)))
        continue
      }
      if opening.opened == nil {
        openings[0].opened = pointer
        guard kiln_ssh_forget_exit_status(pointer) == 0 else {
          finishOpening(.failure(Self.hidesExit(opening.operation)))
          continue
        }
      }
      let code = start(opening.purpose, on: pointer)
      if code == LIBSSH2_ERROR_EAGAIN { return }
      let started = code == 0 ? nil : failed(opening.operation, .channelRefused)
      finishOpening(started.map { .failure($0) } ?? .success(Channel(pointer)))
    }
  }

  private static func hidesExit(_ operation: String) -> SSHError {
    SSHError(
      .protocolViolation, operation,
      "this build of libssh2 hides whether an exit status has arrived")
  }

  /// Takes the first opening off the list, unless its error was that of the whole connection.
  private func finishOpening(_ result: Result<Channel, SSHError>) {
    guard failure == nil else { return }
    let opening = openings.removeFirst()
    if case .success(let channel) = result, opening.continuation != nil {
      channels[opening.id] = channel
    } else if let pointer = opening.opened {
      closing.append(pointer)
    }
    opening.continuation?.resume(with: result.map { _ in opening.id })
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

  /// Has the server start the command on its fresh channel; the code of libssh2.
  private func start(_ purpose: ChannelOpening.Purpose, on channel: OpaquePointer) -> Int32 {
    guard case .command(let command) = purpose else { return 0 }
    let bytes = Array(command.utf8)
    let type = "exec"
    return bytes.withUnsafeBytes { bytes in
      libssh2_channel_process_startup(
        channel, type, UInt32(type.utf8.count),
        bytes.bindMemory(to: CChar.self).baseAddress, UInt32(bytes.count))
    }
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
