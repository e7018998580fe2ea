internal import Digests
internal import Dispatch
internal import Glibc
internal import SystemPackage

/// What the store does with files and directories.
enum LayerFiles {
  static let lock = "lock"
  static let manifest = "manifest.json"
  /// A layer was used when this file was last changed.
  static let used = "used"

  static func makeDirectories(_ path: FilePath) throws(LayerError) {
    // For the user alone: layers hold keys and a guest's memory.
    if mkdir(path.string, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, path.removingLastComponent() != path else {
      throw .refused("make `\(path)`", errno)
    }
    try makeDirectories(path.removingLastComponent())
    guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else {
      throw .refused("make `\(path)`", errno)
    }
  }

  /// The names in a directory, in order; none where there is no such directory.
  static func names(in path: FilePath) throws(LayerError) -> [String] {
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

  /// Removes a directory of files; what is not there is no error.
  static func remove(_ directory: FilePath) throws(LayerError) {
    for name in try names(in: directory) {
      let path = directory.appending(name).string
      guard unlink(path) == 0 || errno == ENOENT else { throw .refused("remove `\(path)`", errno) }
    }
    guard rmdir(directory.string) == 0 || errno == ENOENT else {
      throw .refused("remove `\(directory)`", errno)
    }
  }

  /// Writes a small file as a whole or not at all.
  static func write(_ bytes: [UInt8], to path: FilePath) throws(LayerError) {
    let beside = FilePath(path.string + ".new")
    do {
      let file = try FileDescriptor.open(
        beside, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
      try file.closeAfter { _ = try file.writeAll(bytes) }
    } catch {
      throw .refused("write `\(beside)`", (error as? Errno ?? .ioError).rawValue)
    }
    guard rename(beside.string, path.string) == 0 else {
      throw .refused("replace `\(path)`", errno)
    }
  }

  static func read(_ path: FilePath, limit: Int) throws(LayerError) -> [UInt8] {
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

  /// The room that the files of a directory take on the disk, in bytes; holes take none.
  static func room(of directory: FilePath) throws(LayerError) -> Int {
    var sum = 0
    for name in try names(in: directory) {
      var status = stat()
      if stat(directory.appending(name).string, &status) == 0 { sum += Int(status.st_blocks) * 512 }
    }
    return sum
  }

  /// When a file was last changed, in seconds since 1970; 0 where there is none.
  static func changed(_ path: FilePath) -> Int {
    var status = stat()
    return stat(path.string, &status) == 0 ? Int(status.st_mtim.tv_sec) : 0
  }

  private static let queue = DispatchQueue(label: "kiln.layers", attributes: .concurrent)
  private static let pieceSize = 1 << 20

  /// A file's size and checksum, on a thread for that.
  static func sum(_ path: FilePath) async throws -> (size: Int, digest: SHA256Digest) {
    let outcome: Result<(Int, SHA256Digest), any Error> = await withCheckedContinuation { done in
      queue.async { done.resume(returning: Result { try readSum(path) }) }
    }
    return try outcome.get()
  }

  private static func readSum(_ path: FilePath) throws -> (Int, SHA256Digest) {
    do {
      let file = try FileDescriptor.open(path, .readOnly)
      return try file.closeAfter {
        var hasher = SHA256Hasher()
        var size = 0
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
        defer { piece.deallocate() }
        while case let count = try file.read(into: piece), count > 0 {
          hasher.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
          size += count
        }
        return (size, try hasher.finalize())
      }
    } catch let error as Errno {
      throw LayerError.refused("read `\(path)`", error.rawValue)
    }
  }
}
