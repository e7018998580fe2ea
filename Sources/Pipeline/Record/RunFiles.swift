internal import Glibc

extension RunDirectory {
  /// A file that grows while the run goes on.
  public enum GrowingFile: Sendable {
    /// `customization.log`.
    case log
    /// `events.jsonl`.
    case events
  }

  /// How much ``bytes(of:from:)`` gives at once.
  static let pieceSize = 256 << 10

  /// The bytes of a file from `offset` on, a piece at a time; none at its end, or while there is no
  /// such file yet.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func bytes(of file: GrowingFile, from offset: Int) throws(RecordError) -> [UInt8] {
    let path = file == .log ? logPath : eventsPath
    guard access(path, F_OK) == 0 else { return [] }
    return try OpenFile(path, for: .read).read(from: offset, limit: Self.pieceSize)
  }

  /// The last bytes of a file; none while there is no such file yet.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func tail(
    of file: GrowingFile, atMost limit: Int
  ) throws(RecordError) -> [UInt8] {
    var status = stat()
    guard stat(file == .log ? logPath : eventsPath, &status) == 0 else { return [] }
    var bytes: [UInt8] = []
    var offset = max(0, Int(status.st_size) - limit)
    while case let more = try self.bytes(of: file, from: offset), !more.isEmpty {
      bytes += more
      offset += more.count
    }
    return bytes
  }

  /// Whether somebody asked for the run's end before.
  public enum CancelRequest: Sendable {
    /// Nobody did; it is up to the caller to send the signal.
    case first
    /// Somebody did; a second signal would make the run leave without cleaning up.
    case repeated
  }

  /// Notes durably that the run is to be cancelled.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func requestCancel() throws(RecordError) -> CancelRequest {
    let path = path + "/cancel"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      close(descriptor)
      return .first
    }
    guard errno == EEXIST else { throw .refused("make `\(path)`", errno) }
    return .repeated
  }
}
