internal import Dispatch
internal import Glibc
public import Guests
internal import Synchronization

/// The host's end of a virtio serial port, at whose other end one of the guest's agents may listen.
///
/// The guest finds its end open as long as this value lives.
public final class AgentPort: AgentChannel {
  /// As much as is read at a time, in bytes.
  private static let piece = 256 << 10

  private struct State {
    /// Somebody talks to the guest.
    var isInUse = false
    /// It was hung up, for good: an agent of later finds nobody at this end.
    var isOver = false
    /// A piece is being waited for, or is there and nobody has taken it.
    var isReading = false
    var piece: [UInt8]?
    var waiting: CheckedContinuation<[UInt8]?, any Error>?
  }

  /// A guest that hangs is as quiet as one that has nothing to say.
  public var tellsSilence: Bool { false }

  private let socket: Int32
  private let state = Mutex(State())
  private let reading = DispatchQueue(label: "kiln.port.in")
  private let writing = DispatchQueue(label: "kiln.port.out")

  /// Connects to the port of a machine that was started and does not run yet.
  init(in directory: String) throws(QEMUError) {
    socket = try UnixSocket.connect(to: .agentPort, in: directory)
  }

  deinit { Glibc.close(socket) }

  /// Whether an agent that begins to listen finds somebody at this end.
  var isOpen: Bool { state.withLock { !$0.isOver } }

  /// Takes note that nobody listens in the guest any more: where somebody talked to it, that is over.
  @Sendable func hangUp() {
    if state.withLock({ $0.isInUse }) { end() }
  }

  private func end() {
    state.withLock { $0.isOver = true }
    shutdown(socket, CInt(SHUT_RDWR))
  }

  /// Sends bytes; where the guest is gone they are lost, which reading tells.
  public func write(_ bytes: [UInt8]) async throws {
    state.withLock { $0.isInUse = true }
    try await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        writing.async { [self] in
          send(bytes)
          continuation.resume()
        }
      }
      try Task.checkCancellation()
    } onCancel: {
      // A part may have been sent: nothing can follow it.
      hangUp()
    }
  }

  private func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress?.advanced(by: sent), $0.count - sent, CInt(MSG_NOSIGNAL))
      }
      if count > 0 { sent += count } else if errno != EINTR { return }
    }
  }

  /// The next bytes; `nil` at the end.
  /// - Throws: `CancellationError`; what arrives then is for the next call.
  public func read() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let now = state.withLock { state -> Result<[UInt8]?, any Error>? in
          if Task.isCancelled { return .failure(CancellationError()) }
          if let piece = state.piece {
            state.piece = nil
            return .success(piece.isEmpty ? nil : piece)
          }
          state.waiting = continuation
          if !state.isReading {
            state.isReading = true
            reading.async { [self] in receive() }
          }
          return nil
        }
        if let now { continuation.resume(with: now) }
      }
    } onCancel: {
      let waiting = state.withLock { state in
        defer { state.waiting = nil }
        return state.waiting
      }
      waiting?.resume(throwing: CancellationError())
    }
  }

  /// Waits for a piece, and gives it to who waits; an empty one is the end.
  private func receive() {
    var count: Int
    var buffer = [UInt8](repeating: 0, count: Self.piece)
    repeat { count = recv(socket, &buffer, buffer.count, 0) } while count < 0 && errno == EINTR
    let piece = Array(buffer[..<max(0, count)])
    let waiting = state.withLock { state in
      state.isReading = false
      defer { state.waiting = nil }
      if state.waiting == nil { state.piece = piece }
      return state.waiting
    }
    waiting?.resume(returning: piece.isEmpty ? nil : piece)
  }

  /// Ends the conversation, for good.
  public func close() async { end() }
}
