internal import Dispatch
internal import Glibc
internal import SystemPackage

extension ImageError {
  /// The file system's refusal of `operation`, with the text of `code`, an `errno`.
  static func refused(_ operation: String, _ code: CInt) -> ImageError {
    ImageError(operation, .file(String(cString: strerror(code))))
  }
}

/// What the store does with files and directories.
enum Files {
  static func makeDirectories(_ path: FilePath) throws(ImageError) {
    if mkdir(path.string, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, path.removingLastComponent() != path else {
      throw .refused("make `\(path)`", errno)
    }
    try makeDirectories(path.removingLastComponent())
    guard mkdir(path.string, 0o755) == 0 || errno == EEXIST else {
      throw .refused("make `\(path)`", errno)
    }
  }

  static func exists(_ path: FilePath) -> Bool { access(path.string, F_OK) == 0 }

  /// The names in a directory, in order; none where there is no such directory.
  static func names(in path: FilePath) throws(ImageError) -> [String] {
    guard let stream = opendir(path.string) else {
      if errno == ENOENT || errno == ENOTDIR { return [] }
      throw .refused("list `\(path)`", errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func move(_ from: FilePath, to: FilePath) throws(ImageError) {
    guard rename(from.string, to.string) == 0 else {
      throw .refused("move `\(from)` to `\(to)`", errno)
    }
  }

  /// Removes a file, or a directory with all in it; what is not there is no error.
  static func remove(_ path: FilePath) throws(ImageError) {
    if unlink(path.string) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw .refused("remove `\(path)`", errno) }
    for name in try names(in: path) { try remove(path.appending(name)) }
    guard rmdir(path.string) == 0 || errno == ENOENT else {
      throw .refused("remove `\(path)`", errno)
    }
  }

  /// Writes a small file and waits until it is on the disk.
  static func write(_ bytes: [UInt8], to path: FilePath) throws(ImageError) {
    do {
      let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(bytes) }
    } catch {
      throw .refused("write `\(path)`", (error as? Errno ?? .ioError).rawValue)
    }
    try sync(path)
  }

  static func read(_ path: FilePath, limit: Int) throws(ImageError) -> [UInt8] {
    do {
      let file = try FileDescriptor.open(path, .readOnly)
      return try file.closeAfter {
        try [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
          while filled < limit {
            let rest = UnsafeMutableRawBufferPointer(buffer)[filled...]
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: rest))
            if count == 0 { return }
            filled += count
          }
        }
      }
    } catch {
      throw .refused("read `\(path)`", (error as? Errno ?? .ioError).rawValue)
    }
  }

  /// Waits until a file's bytes, or a directory's names, are on the disk.
  static func sync(_ path: FilePath) throws(ImageError) {
    let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .refused("open `\(path)`", errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .refused("write `\(path)` to disk", errno) }
  }

  /// Waits until a large file is on the disk, which can take long, on a thread for that.
  static func syncLarge(_ path: FilePath) async throws {
    let outcome: Result<Void, ImageError> = await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(returning: Result { () throws(ImageError) in try sync(path) })
      }
    }
    try outcome.get()
  }

  private static let queue = DispatchQueue(label: "kiln.images.sync", attributes: .concurrent)

  /// The room for this user where `path` will be, in bytes.
  static func room(at path: FilePath) throws(ImageError) -> Int {
    var place = path
    while !exists(place), place.removingLastComponent() != place { place.removeLastComponent() }
    var status = statvfs()
    guard statvfs(place.string, &status) == 0 else {
      throw .refused("see how much room `\(place)` has", errno)
    }
    return Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
      .partialValue
  }
}
