internal import Dispatch
internal import Glibc

/// Hands over what arrives at a socket, as it arrives, and then its end.
///
/// The socket is closed when the reader is stopped, or when nobody keeps it any more.
final class SocketReader: Sendable {
  /// Where the closures are called.
  let queue: DispatchQueue
  // Safe to share: libdispatch's objects are made for that.
  private nonisolated(unsafe) let source: any DispatchSourceRead

  private let socket: Int32

  init(owning socket: Int32, label: String) {
    self.socket = socket
    queue = DispatchQueue(label: label)
    source = DispatchSource.makeReadSource(fileDescriptor: socket, queue: queue)
    source.setCancelHandler { close(socket) }
  }

  /// Starts to hand over.
  ///
  /// Both closures are kept until the end.
  func start(
    bytes: @escaping @Sendable (ArraySlice<UInt8>) -> Void, end: @escaping @Sendable () -> Void
  ) {
    // All that is there is read at each event: libdispatch tells of bytes and the end that came
    // together once.
    source.setEventHandler { [socket, source] in
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
      while !source.isCancelled {
        let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 {
          bytes(buffer[..<count])
        } else if count == 0 || errno != EINTR {
          return count < 0 && errno == EAGAIN ? () : end()
        }
      }
    }
    source.activate()
  }

  /// Hands over nothing more, and closes the socket.
  func stop() { source.cancel() }

  deinit { source.cancel() }
}
