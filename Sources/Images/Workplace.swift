internal import Glibc
internal import SystemPackage

/// A directory under a temporary name, where an image is made or an old one is removed.
///
/// A lock tells those that are in use from those that a killed process left.
struct Workplace {
  let path: FilePath
  private let lock: FileLock

  /// What becomes a directory of the store.
  var image: FilePath { path.appending("image") }
  private static let lockName = "lock"
  private static let outsideName = "outside"

  /// Makes one, while the store is locked.
  init(in layout: StoreLayout) throws(ImageError) {
    path = layout.partial.appending(String(UInt64.random(in: .min ... .max), radix: 36))
    try Files.makeDirectories(path)
    guard let lock = try FileLock(path.appending(Self.lockName), .exclusive) else {
      throw ImageError("make `\(path)`", .busy)
    }
    self.lock = lock
  }

  /// Takes over what a process that is gone has left, while the store is locked; `nil` where it is
  /// in use.
  init?(abandoned path: FilePath) throws(ImageError) {
    guard let lock = try FileLock(path.appending(Self.lockName), .exclusive) else { return nil }
    self.path = path
    self.lock = lock
  }

  /// Notes that there will be parts of files elsewhere, before they are made.
  func note(outside paths: [FilePath]) throws(ImageError) {
    let text = paths.map(\.string).joined(separator: "\0")
    try Files.write(Array(text.utf8), to: path.appending(Self.outsideName))
  }

  /// Removes it, with the parts of files elsewhere.
  func remove() throws(ImageError) {
    let outside = path.appending(Self.outsideName)
    if Files.exists(outside) {
      let text = String(decoding: try Files.read(outside, limit: 1 << 20), as: UTF8.self)
      for path in text.split(separator: "\0") { try Files.remove(FilePath(String(path))) }
    }
    try Files.remove(path)
  }
}
