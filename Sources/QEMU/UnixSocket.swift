internal import Glibc

/// Sockets of a machine's directory.
enum UnixSocket {
  /// Connects to what a machine's QEMU listens at.
  static func connect(to file: VMFile, in directory: String) throws(QEMUError) -> Int32 {
    let path = file.path(in: directory)
    let operation = "connect to `\(path)`"
    let place = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard place >= 0 else { throw .file(operation, errno) }
    defer { close(place) }
    // A socket's address is short, and directories may be deep.
    let short = Array("/proc/self/fd/\(place)/\(file.rawValue)".utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short) }
    let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard connection >= 0 else { throw .file(operation, errno) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(connection, $0, size) }
    }
    guard connected == 0 else {
      let code = errno
      close(connection)
      throw .file(operation, code)
    }
    return connection
  }
}
