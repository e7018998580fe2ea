internal import Glibc
import Pipeline

/// The bytes of a file that is placed, read from any place by any task.
final class SourceFile: Sendable {
  private enum Origin {
    case bytes([UInt8])
    case file(Int32, path: String)
  }

  private let origin: Origin

  init(_ source: PlacedBytes) throws(GuestError) {
    switch source {
    case .bytes(let bytes): origin = .bytes(bytes)
    case .file(let path, _):
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
      origin = .file(descriptor, path: path)
    }
  }

  deinit {
    if case .file(let descriptor, _) = origin { close(descriptor) }
  }

  /// The bytes from `range` on, as many of them as there are.
  func bytes(_ range: Range<Int>) throws(GuestError) -> [UInt8] {
    switch origin {
    case .bytes(let bytes): return Array(bytes[range.clamped(to: 0..<bytes.count)])
    case .file(let descriptor, let path):
      var fault: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { room, count in
        while count < range.count {
          let rest = UnsafeMutableRawBufferPointer(room).dropFirst(count)
          let got = pread(
            descriptor, UnsafeMutableRawBufferPointer(rebasing: rest).baseAddress, rest.count,
            range.lowerBound + count)
          if got < 0, errno == EINTR { continue }
          guard got > 0 else {
            fault = got < 0 ? errno : 0
            return
          }
          count += got
        }
      }
      guard fault == 0 else { throw Self.unreadable(path, fault) }
      return bytes
    }
  }

  private static func unreadable(_ path: String, _ code: Int32) -> GuestError {
    GuestError(.notPlaced, "could not read `\(path)`: \(String(cString: strerror(code)))")
  }
}
