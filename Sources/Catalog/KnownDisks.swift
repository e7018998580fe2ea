internal import Digests
internal import FoundationEssentials
internal import Glibc
internal import SystemPackage

/// What is known of disks that were read once: hashing gigabytes again would cost the user seconds.
///
/// Each has a file of its own in a directory, so that any number of processes may use it. The file
/// is named by a checksum of the disk's address, which may hold a secret.
struct KnownDisks: Sendable {
  /// The directory, which is made at the first need.
  let root: FilePath

  /// What is known of a disk.
  struct Record: Codable, Equatable {
    /// Where it is.
    let path: String
    let state: FileState
    /// Its checksums, in hexadecimal digits.
    let sha256: String
    let sha512: String?

    var digest: SHA256Digest? { SHA256Digest(hex: sha256) }

    /// Whether the disk has this checksum; no, where that kind of it is not known.
    func has(_ checksum: Checksum) -> Bool {
      switch checksum {
      case .sha256(let wanted): digest == wanted
      case .sha512(let wanted): sha512.flatMap { SHA512Digest(hex: $0) } == wanted
      }
    }
  }

  /// What is known of the disk at this address or path, unless its file was touched since.
  func record(of name: String) -> Record? {
    guard let file = try? file(of: name),
      let data = try? Data(contentsOf: URL(filePath: file.string)),
      let record = try? JSONDecoder().decode(Record.self, from: data),
      FileState(of: FilePath(record.path)) == record.state
    else { return nil }
    return record
  }

  /// Remembers the disk at this address or path; where that can't be written, it is hashed again
  /// the next time.
  func remember(_ record: Record, as name: String) {
    guard let file = try? file(of: name), let data = try? JSONEncoder().encode(record)
    else { return }
    try? FileManager.default.createDirectory(
      atPath: root.string, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    try? data.write(to: URL(filePath: file.string), options: .atomic)
  }

  private func file(of name: String) throws -> FilePath {
    root.appending(try SHA256Digest(of: Array(name.utf8)).hex + ".json")
  }
}

/// What changes when a file does.
struct FileState: Codable, Equatable {
  let device: UInt64
  let inode: UInt64
  let size: Int64
  let modified: Moment
  /// When the system saw the last change, which no program can set.
  let changed: Moment

  /// A time of the file system.
  struct Moment: Codable, Equatable {
    let seconds: Int
    let nanoseconds: Int

    init(_ time: timespec) { (seconds, nanoseconds) = (time.tv_sec, time.tv_nsec) }
  }

  /// That of the regular file at `path`; `nil` where there is none.
  init?(of path: FilePath) {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG
    else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modified = Moment(status.st_mtim)
    changed = Moment(status.st_ctim)
  }

  /// Whether the last change is so long ago that another one would show in the times, which on
  /// some file systems count whole seconds.
  func isSettled(at now: Int) -> Bool {
    max(modified.seconds, changed.seconds) + Self.secondsToSettle <= now
  }

  private static let secondsToSettle = 3
}
