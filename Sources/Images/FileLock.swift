internal import Glibc
internal import SystemPackage

/// A lock on a file, which the kernel lets go when its process ends, however that is.
///
/// Process numbers are used again; a lock is not. It is not handed on to programs that are
/// started.
final class FileLock: Sendable {
  /// Who may hold it at the same time.
  enum Share {
    /// Others that share.
    case shared
    /// Nobody.
    case exclusive

    fileprivate var flag: CInt { self == .shared ? LOCK_SH : LOCK_EX }
  }

  let path: FilePath
  private let descriptor: CInt

  /// Takes the lock at once, making the file where there is none; `nil` where somebody has it.
  /// - Throws: ``ImageError`` with the file system's reason.
  init?(_ path: FilePath, _ share: Share) throws(ImageError) {
    while true {
      let descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw .refused("open `\(path)`", errno) }
      if flock(descriptor, share.flag | LOCK_NB) == 0 {
        // Whoever had it may have removed the file in between: then it is a lock on nothing.
        if Self.names(path, descriptor) {
          self.path = path
          self.descriptor = descriptor
          return
        }
        close(descriptor)
        continue
      }
      let code = errno
      close(descriptor)
      if code == EINTR { continue }
      guard code == EWOULDBLOCK else { throw .refused("lock `\(path)`", code) }
      return nil
    }
  }

  /// Whether the file at `path` is the open one.
  private static func names(_ path: FilePath, _ descriptor: CInt) -> Bool {
    var (here, there) = (stat(), stat())
    return fstat(descriptor, &here) == 0 && stat(path.string, &there) == 0
      && (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev)
  }

  // A program that is being started has a copy of the descriptor for a moment, so that closing this
  // one alone would not let the lock go.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}

/// The lock on the store itself: for the moments in which names appear and go.
enum StoreLock {
  /// How long it is waited for; it is held for milliseconds.
  static let patience = Duration.seconds(30)
  private static let pause = Duration.milliseconds(5)

  /// Runs `body` while nobody else makes, removes or takes a name in the store.
  static func held<Value>(
    in root: FilePath, for operation: String, _ body: () throws(ImageError) -> Value
  ) async throws -> Value {
    try Files.makeDirectories(root)
    let clock = ContinuousClock()
    let end = clock.now + patience
    while clock.now < end {
      if let lock = try FileLock(root.appending(".lock"), .exclusive) {
        return try withExtendedLifetime(lock) { try body() }
      }
      // flock(2) has no event that a task could wait for.
      try await Task.sleep(for: pause)
    }
    throw ImageError(operation, .busy)
  }
}
