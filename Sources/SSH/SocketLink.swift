internal import Glibc

/// A TCP socket as a link; owns the descriptor.
final class SocketLink: Link {
  let descriptor: Int32

  /// Takes over `descriptor`, a connected socket.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var on: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Moved {
    let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
    return count == 0 ? .ended : moved(count)
  }

  func send(_ bytes: UnsafeRawBufferPointer) -> Moved {
    let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
    return moved(Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags))
  }

  var unacknowledged: Int {
    var count: Int32 = 0
    return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
  }

  func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  private func moved(_ count: Int) -> Moved {
    guard count < 0 else { return .bytes(count) }
    let code = errno
    return code == EAGAIN || code == EINTR ? .blocked : .failed(lowerCased(systemText(code)))
  }
}

/// A text of the system as the middle of a sentence.
func lowerCased(_ text: String) -> String { text.prefix(1).lowercased() + text.dropFirst() }
