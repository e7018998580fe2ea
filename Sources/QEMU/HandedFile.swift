internal import Glibc

/// A file's descriptor that goes to the process at the other end of a Unix socket, beside bytes
/// (`SCM_RIGHTS` of unix(7)).
///
/// It is a duplicate: whoever had it handed over may close theirs at any time.
final class HandedFile: Sendable {
  private let descriptor: Int32

  /// - Throws: ``QEMUError`` where there are no more descriptors.
  init(_ original: Int32) throws(QEMUError) {
    descriptor = fcntl(original, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .file("hand a file to QEMU", errno) }
  }

  deinit { close(descriptor) }

  /// Sends the beginning of `bytes` with it; how much, or -1 and `errno`.
  func send(with bytes: [UInt8], on socket: Int32) -> Int {
    let size = MemoryLayout<cmsghdr>.size
    let room = size + MemoryLayout<Int>.size
    return withUnsafeTemporaryAllocation(byteCount: room, alignment: MemoryLayout<Int>.alignment) {
      control in
      control.initializeMemory(as: UInt8.self, repeating: 0)
      var header = cmsghdr()
      header.cmsg_len = size + MemoryLayout<Int32>.size
      header.cmsg_level = SOL_SOCKET
      header.cmsg_type = Int32(SCM_RIGHTS)
      control.storeBytes(of: header, as: cmsghdr.self)
      control.storeBytes(of: descriptor, toByteOffset: size, as: Int32.self)
      // The kernel only reads what is sent.
      return bytes.withUnsafeBytes { line in
        var part = iovec(
          iov_base: UnsafeMutableRawPointer(mutating: line.baseAddress), iov_len: line.count)
        return withUnsafeMutablePointer(to: &part) { part in
          var message = msghdr()
          message.msg_iov = part
          message.msg_iovlen = 1
          message.msg_control = control.baseAddress
          message.msg_controllen = room
          return sendmsg(socket, &message, Int32(MSG_NOSIGNAL))
        }
      }
    }
  }
}
