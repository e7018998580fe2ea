import Glibc
import SystemPackage

/// A port of this machine that lets everybody in and never says a word.
struct SilentPort: ~Copyable {
  let number: UInt16
  private let descriptor: CInt

  init() throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let failed = withUnsafeMutableBytes(of: &address) { bytes in
      guard let base = bytes.bindMemory(to: sockaddr.self).baseAddress else { return true }
      return bind(descriptor, base, size) != 0 || listen(descriptor, 8) != 0
        || getsockname(descriptor, base, &size) != 0
    }
    number = UInt16(bigEndian: address.sin_port)
    if failed { throw Errno(rawValue: errno) }
  }

  deinit { close(descriptor) }
}
