internal import CSSH2

/// A channel of another session as a link: how a connection goes through a jump host.
///
/// Both sessions run on the same event loop, so that bytes pass from one to the other without
/// another thread or socket in between.
final class TunnelLink: Link {
  private let outer: Session
  private let channel: Int

  init(_ outer: Session, channel: Int) {
    self.outer = outer
    self.channel = channel
  }

  var descriptor: Int32 { outer.assumeIsolated { $0.wire.link.descriptor } }

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Moved {
    // Does not leave this thread: the closure runs at once, on it.
    nonisolated(unsafe) let bytes = buffer.bindMemory(to: CChar.self)
    return outer.assumeIsolated { [channel] session in
      guard let channel = session.channels[channel] else { return .ended }
      let count = libssh2_channel_read_ex(channel.pointer, 0, bytes.baseAddress, bytes.count)
      if count > 0 {
        session.wire.flush()
        return .bytes(count)
      }
      if let failure = session.failure { return .failed(failure.reason) }
      if libssh2_channel_eof(channel.pointer) == 1 { return .ended }
      return count == 0 || count == LIBSSH2_ERROR_EAGAIN
        ? .blocked : .failed(session.failed("could not use the jump host").reason)
    }
  }

  func send(_ bytes: UnsafeRawBufferPointer) -> Moved {
    nonisolated(unsafe) let bytes = bytes.bindMemory(to: CChar.self)
    return outer.assumeIsolated { [channel] session in
      guard let channel = session.channels[channel] else { return .ended }
      if let failure = session.failure { return .failed(failure.reason) }
      guard !session.wire.isCongested else { return .blocked }
      let count = libssh2_channel_write_ex(channel.pointer, 0, bytes.baseAddress, bytes.count)
      session.wire.flush()
      if count > 0 { return .bytes(count) }
      return count == 0 || count == LIBSSH2_ERROR_EAGAIN
        ? .blocked : .failed(session.failed("could not use the jump host").reason)
    }
  }

  var unacknowledged: Int { outer.assumeIsolated { $0.wire.link.unacknowledged } }

  func shutDown() {
    let link = ObjectIdentifier(self)
    outer.assumeIsolated { [channel] session in
      session.closeChannel(channel)
      session.tunnels.removeAll { $0.uses(link) }
    }
  }
}
