internal import Digests
internal import FoundationEssentials
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A file that is being written beside the place where it shall appear, hashed on the way.
///
/// It has a name of its own until ``commit(to:)`` gives it the final one in a single step, so that
/// no reader ever sees half of it, and two writers never meet. Without a commit it is removed.
final class PartialFile: Sendable {
  /// How the name of every such file begins and ends.
  private static let prefix = ".", suffix = ".part"

  private let path: FilePath
  private let state: Mutex<State>

  /// Unchecked, because the hasher holds a pointer; it keeps none of what it is given.
  private struct State: ~Copyable, @unchecked Sendable {
    var descriptor: CInt
    var hasher = SHA256Hasher()
    var size: Int64 = 0
    var isThere = true
  }

  /// Creates the file in `directory`, readable and writable by its owner alone.
  init(in directory: FilePath) throws(HTTPError.Reason) {
    let name = String(UInt64.random(in: 0 ... .max), radix: 36)
    path = directory.appending("\(Self.prefix)\(name)\(Self.suffix)")
    let descriptor = path.withPlatformString {
      open($0, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    }
    guard descriptor >= 0 else { throw .file(FileFailure(.create, path)) }
    state = Mutex(State(descriptor: descriptor))
  }

  deinit { discard() }

  /// Bytes written so far.
  var size: Int64 { state.withLock { $0.size } }

  /// Adds bytes at the end.
  func write(_ bytes: UnsafeRawBufferPointer) throws(HTTPError.Reason) {
    let failure: FileFailure? = state.withLock { state in
      var rest = bytes
      while !rest.isEmpty {
        let count = Glibc.write(state.descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return FileFailure(.write, path) }
        state.hasher.update(UnsafeRawBufferPointer(rebasing: rest[..<count]))
        state.size += Int64(count)
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
      return nil
    }
    if let failure { throw .file(failure) }
  }

  /// Forgets everything written so far.
  func restart() throws(HTTPError.Reason) {
    let failure: FileFailure? = state.withLock { state in
      state.hasher = SHA256Hasher()
      state.size = 0
      guard ftruncate(state.descriptor, 0) == 0, lseek(state.descriptor, 0, SEEK_SET) == 0 else {
        return FileFailure(.write, path)
      }
      return nil
    }
    if let failure { throw .file(failure) }
  }

  /// Waits until the bytes are on the disk, and gives their checksum.
  ///
  /// Nothing is written after it.
  func seal() throws(HTTPError.Reason) -> SHA256Digest {
    let result: Result<SHA256Digest, HTTPError.Reason> = state.withLock { state in
      guard fsync(state.descriptor) == 0 else { return .failure(.file(FileFailure(.write, path))) }
      var hasher = SHA256Hasher()
      swap(&hasher, &state.hasher)
      do throws(DigestError) {
        return .success(try hasher.finalize())
      } catch {
        return .failure(.noChecksum(text: "\(error)"))
      }
    }
    return try result.get()
  }

  /// Gives the file its final name, in place of any file of that name.
  func commit(to destination: FilePath) throws(HTTPError.Reason) {
    let failure: FileFailure? = state.withLock { state in
      let code = path.withPlatformString { from in
        destination.withPlatformString { rename(from, $0) }
      }
      guard code == 0 else { return FileFailure(.create, destination) }
      state.isThere = false
      return nil
    }
    if let failure { throw .file(failure) }
    try sync(directory: destination.removingLastComponent())
    discard()
  }

  /// Removes the file unless it has its final name, and closes it.
  func discard() {
    state.withLock { state in
      if state.isThere { _ = path.withPlatformString { unlink($0) } }
      state.isThere = false
      if state.descriptor >= 0 { close(state.descriptor) }
      state.descriptor = -1
    }
  }

  /// Removes what killed processes left in `directory`: files that nobody wrote to for a day, far
  /// longer than a download may stall.
  static func removeAbandoned(in directory: FilePath) {
    let files = FileManager.default
    // A directory that can't be listed, or a file that can't be removed, is no reason to fail: they
    // cost space and nothing else.
    for name in (try? files.contentsOfDirectory(atPath: directory.string)) ?? []
    where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let path = directory.appending(name).string
      let changed = (try? files.attributesOfItem(atPath: path))?[.modificationDate] as? Date
      if let changed, changed.timeIntervalSinceNow < -abandonedAfterSeconds {
        try? files.removeItem(atPath: path)
      }
    }
  }

  private static let abandonedAfterSeconds = 86_400.0

  /// Makes a new name survive a power cut.
  private func sync(directory: FilePath) throws(HTTPError.Reason) {
    let place = directory.isEmpty ? FilePath(".") : directory
    let descriptor = place.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .file(FileFailure(.read, place)) }
    defer { close(descriptor) }
    // Some network file systems can't sync a directory, and say so with EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw .file(FileFailure(.write, place))
    }
  }
}
