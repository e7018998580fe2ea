internal import Glibc
internal import SystemPackage

/// A lock on a file, which the kernel lets go when its process ends, however that is.
final class LayerLock: Sendable {
  /// Who may hold it at the same time.
  enum Share {
    /// Others that share.
    case shared
    /// Nobody.
    case exclusive

    fileprivate var flag: CInt { self == .shared ? LOCK_SH : LOCK_EX }
  }

  private let descriptor: CInt

  /// Takes the lock at once, making the file where there is none; `nil` where somebody has it.
  init?(_ path: FilePath, _ share: Share) throws(LayerError) {
    let descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .refused("open `\(path)`", errno) }
    guard flock(descriptor, share.flag | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw .refused("lock `\(path)`", code) }
      return nil
    }
    self.descriptor = descriptor
  }

  /// Lets others share what this one had for itself.
  func share() { flock(descriptor, LOCK_SH | LOCK_NB) }

  // A program that is being started has a copy of the descriptor for a moment, so that closing this
  // one alone would not let the lock go.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}

extension LayerStore {
  /// How long the store's own lock is waited for; it is held for milliseconds, or for as long as it
  /// takes to remove large files.
  static let patience = Duration.seconds(30)
  private static let pause = Duration.milliseconds(5)

  /// Runs `body` while nobody else makes, takes or removes a layer.
  func locked<Value>(
    _ operation: String, _ body: () throws(LayerError) -> Value
  ) async throws -> Value {
    for path in [root, keysPath, layersPath] { try LayerFiles.makeDirectories(path) }
    let clock = ContinuousClock()
    let end = clock.now + Self.patience
    while clock.now < end {
      if let lock = try LayerLock(root.appending(".lock"), .exclusive) {
        return try withExtendedLifetime(lock) { try body() }
      }
      // flock(2) has no event that a task could wait for.
      try await Task.sleep(for: Self.pause)
    }
    throw LayerError(operation, .busy)
  }
}

extension Layer {
  /// What QEMU locks in each image that it has open (its `block/file-posix.c`): bytes from 100 on.
  private static let qemuBytes = (start: 100, count: 200)
  /// The number of `F_OFD_GETLK`, which asks for a lock of another open file.
  private static let askForLock: CInt = 36

  /// Whether a process has the layer: a build by its lock, or a machine that outlives its build, for
  /// somebody to look into, by its disks.
  func isInUse() throws(LayerError) -> Bool { try Self.isInUse(directory) }

  static func isInUse(_ directory: FilePath) throws(LayerError) -> Bool {
    guard try LayerLock(directory.appending(LayerFiles.lock), .exclusive) != nil else {
      return true
    }
    for name in try LayerFiles.names(in: directory) where name.hasSuffix(".qcow2") {
      let descriptor = open(directory.appending(name).string, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      var lock = flock()
      lock.l_type = Int16(F_WRLCK)
      lock.l_whence = Int16(SEEK_SET)
      (lock.l_start, lock.l_len) = (Self.qemuBytes.start, Self.qemuBytes.count)
      if fcntl(descriptor, Self.askForLock, &lock) == 0, lock.l_type != Int16(F_UNLCK) {
        return true
      }
    }
    return false
  }
}
