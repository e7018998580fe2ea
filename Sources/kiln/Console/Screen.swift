import Glibc

/// A device that a console writes to.
struct Screen: Sendable {
  /// Writes bytes; those that can't be written are dropped, since nobody is there to read them.
  let write: @Sendable ([UInt8]) -> Void
  /// The width now, in columns.
  let columns: @Sendable () -> Int

  /// The width where the device does not tell one.
  static let usualColumns = 80

  /// Standard error.
  static let standardError = Screen(
    write: { writeAll($0, to: STDERR_FILENO) },
    columns: {
      var size = winsize()
      let status = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size)
      return status == 0 && size.ws_col > 0 ? Int(size.ws_col) : usualColumns
    })
}

extension Screen {
  /// Standard error, where each line begins with `prefix`: whole lines are written at once, so that
  /// those of builds side by side do not mix.
  static func standardError(linesBegin prefix: String) -> Screen {
    let begin = Array(prefix.utf8)
    return Screen(
      write: { bytes in
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        writeAll(lines.flatMap { begin + $0 + [UInt8(ascii: "\n")] }, to: STDERR_FILENO)
      }, columns: standardError.columns)
  }
}

/// Writes all of `bytes` to `descriptor`.
/// - Returns: the `errno` of a failure, or 0.
@discardableResult
func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> CInt {
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeBytes {
      Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
    }
    if count > 0 {
      done += count
    } else if errno == EAGAIN {
      // Another program made the shared terminal non-blocking.
      var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard poll(&ready, 1, 10_000) > 0 else { return ETIMEDOUT }
    } else if errno != EINTR {
      return errno
    }
  }
  return 0
}
