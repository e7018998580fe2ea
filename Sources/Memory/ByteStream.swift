internal import Glibc

/// Bytes that are read once, from the first to the last.
protocol ByteStream: AnyObject {
  /// Fills a buffer, or as much of it as there is left; 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MemoryError) -> Int
}

extension ByteStream {
  /// Fills a buffer as a whole.
  /// - Throws: ``MemoryError``; where the stream ends before that, it is damaged.
  func fill(_ buffer: UnsafeMutableRawBufferPointer, from path: String) throws(MemoryError) {
    var filled = 0
    while filled < buffer.count {
      let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      guard count > 0 else { throw .damaged(path, "it ends too early") }
      filled += count
    }
  }
}

/// A file as it is.
final class FileStream: ByteStream {
  let path: String
  private let descriptor: Int32

  init(_ path: String) throws(MemoryError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file("read `\(path)`", errno) }
  }

  deinit { close(descriptor) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MemoryError) -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR else { throw .file("read `\(path)`", errno) }
    }
  }
}

/// A new file, which only its owner may read: memory holds secrets.
///
/// It never takes the last of a disk, which the machine writes to as well: that would end the build, and this
/// only a state that is kept.
final class FileOutput {
  /// In bytes.
  private static let left = 64 << 20

  private let path: String
  private let descriptor: Int32

  init(_ path: String) throws(MemoryError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .file("write `\(path)`", errno) }
  }

  deinit { close(descriptor) }

  func write(_ bytes: UnsafeRawBufferPointer) throws(MemoryError) {
    var disk = statvfs()
    if fstatvfs(descriptor, &disk) == 0, Int(disk.f_bavail) * Int(disk.f_frsize) < Self.left {
      throw MemoryError(
        kind: .file(ENOSPC), operation: "write `\(path)`", reason: "the disk is nearly full")
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, piece.baseAddress, piece.count)
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw .file("write `\(path)`", errno)
      }
    }
  }
}
