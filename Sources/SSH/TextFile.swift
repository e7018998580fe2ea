internal import Glibc

/// The whole of a small file; `nil` when there is none.
func readFile(_ path: String, for operation: String) throws(SSHError) -> [UInt8]? {
  let limit = 16 * 1024 * 1024
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else {
    let code = errno
    if code == ENOENT || code == ENOTDIR { return nil }
    throw unreadable(path, code, operation)
  }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  while bytes.count <= limit {
    let (piece, code) = readPiece(descriptor)
    if code == EINTR { continue }
    guard code == 0 else { throw unreadable(path, code, operation) }
    if piece.isEmpty { return bytes }
    bytes += piece
  }
  throw SSHError(.badConfiguration, operation, "\(path) is larger than 16 MiB")
}

private func readPiece(_ descriptor: Int32) -> (bytes: [UInt8], code: Int32) {
  var code: Int32 = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
    let got = read(descriptor, buffer.baseAddress, buffer.count)
    code = got < 0 ? errno : 0
    count = max(0, got)
  }
  return (bytes, code)
}

private func unreadable(_ path: String, _ code: Int32, _ operation: String) -> SSHError {
  SSHError(
    .badConfiguration, operation, "can't read \(path): \(lowerCased(systemText(code)))", code: code)
}

/// Adds a line to the end of a file, made with mode 0600 where there is none, and waits until it
/// is on the disk.
func appendLine(_ line: String, to path: String, for operation: String) throws(SSHError) {
  if let end = path.lastIndex(of: "/") { mkdir(String(path[..<end]), 0o700) }
  let endsOpen = try readFile(path, for: operation)?.last.map { $0 != UInt8(ascii: "\n") } ?? false
  let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else { throw unwritable(path, errno, operation) }
  defer { close(descriptor) }
  let bytes = Array((endsOpen ? "\n" : "").utf8) + Array(line.utf8) + [UInt8(ascii: "\n")]
  // One call, so that lines that two processes add do not mix.
  let written = write(descriptor, bytes, bytes.count)
  guard written == bytes.count, fsync(descriptor) == 0 else {
    throw unwritable(path, written < 0 ? errno : ENOSPC, operation)
  }
}

private func unwritable(_ path: String, _ code: Int32, _ operation: String) -> SSHError {
  SSHError(
    .badConfiguration, operation,
    "can't add the host key to \(path): \(lowerCased(systemText(code)))",
    code: code)
}
