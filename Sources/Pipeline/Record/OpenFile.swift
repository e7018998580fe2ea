internal import Glibc

/// One open file, closed when its owner is gone.
struct OpenFile: ~Copyable {
  /// What a file is opened for.
  enum Purpose: CInt {
    case read
    case append
    case replace

    fileprivate var flags: CInt {
      switch self {
      case .read: O_RDONLY
      case .append: O_RDWR | O_APPEND | O_CREAT
      case .replace: O_WRONLY | O_CREAT | O_TRUNC
      }
    }
  }

  /// Where it is.
  let path: String
  private let descriptor: CInt

  /// Opens the file; one that is created is readable by its owner alone.
  /// - Throws: ``RecordError`` with the file system's reason.
  init(_ path: String, for purpose: Purpose) throws(RecordError) {
    let descriptor = open(path, purpose.flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .refused("open `\(path)`", errno) }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Writes all of `bytes`.
  func write(_ bytes: [UInt8]) throws(RecordError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
      }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw .refused("write `\(path)`", errno)
      }
    }
  }

  /// Waits until what was written is on the disk.
  func sync() throws(RecordError) {
    guard fdatasync(descriptor) == 0 else { throw .refused("write `\(path)` to disk", errno) }
  }

  /// Cuts the file to its first `size` bytes.
  func truncate(to size: Int) throws(RecordError) {
    guard ftruncate(descriptor, size) == 0 else { throw .refused("shorten `\(path)`", errno) }
  }

  /// Reads up to `limit` bytes from `offset` on; fewer only at the end of the file.
  func read(from offset: Int, limit: Int) throws(RecordError) -> [UInt8] {
    var failure: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
      while filled < limit {
        let count = pread(
          descriptor, buffer.baseAddress?.advanced(by: filled), limit - filled, offset + filled)
        if count > 0 { filled += count }
        if count == 0 { return }
        if count < 0, errno != EINTR {
          failure = errno
          return
        }
      }
    }
    guard failure == 0 else { throw .refused("read `\(path)`", failure) }
    return bytes
  }
}

/// A file that a command writes for its user.
public enum OutputFile {
  /// Puts `bytes` in the place of the file at `path`: it is there whole or not at all.
  /// - Throws: ``RecordError`` with the file system's reason.
  public static func replace(_ path: String, with bytes: [UInt8]) throws(RecordError) {
    try WholeFile.replace(path.contains("/") ? path : "./" + path, with: bytes)
  }
}

/// Files that are read and replaced as a whole.
enum WholeFile {
  /// Records and journals are far smaller; more than this is not ours.
  static let sizeLimit = 64 << 20

  /// Reads the file.
  /// - Throws: ``RecordError`` with the file system's reason, or where it is over ``sizeLimit``.
  static func read(_ path: String) throws(RecordError) -> [UInt8] {
    let file = try OpenFile(path, for: .read)
    var bytes: [UInt8] = []
    while bytes.count <= sizeLimit {
      let more = try file.read(from: bytes.count, limit: 64 << 10)
      if more.isEmpty { return bytes }
      bytes += more
    }
    throw RecordError(.damaged, "could not read `\(path)`: it is larger than \(sizeLimit) bytes")
  }

  /// Puts `bytes` in the place of the file, so that it is the old or the new one at all times.
  static func replace(_ path: String, with bytes: [UInt8]) throws(RecordError) {
    let beside = path + ".new"
    let file = try OpenFile(beside, for: .replace)
    try file.write(bytes)
    try file.sync()
    guard rename(beside, path) == 0 else { throw .refused("replace `\(path)`", errno) }
    try syncDirectory(of: path)
  }

  /// Waits until the names in the directory of `path` are on the disk.
  static func syncDirectory(of path: String) throws(RecordError) {
    let end = path.lastIndex(of: "/") ?? path.startIndex
    let parent = path[..<end]
    try OpenFile(parent.isEmpty ? "/" : String(parent), for: .read).sync()
  }
}
