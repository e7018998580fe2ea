public import Disks
public import Digests
internal import SystemPackage

/// An image that a build has as its base; it can't be removed as long as this value, or its
/// process, lives.
public final class ImageUse: Sendable {
  /// The image.
  public let image: StoredImage
  /// The disk to start from, as an absolute path and its format; it never changes.
  public let disk: DiskImage
  private let lock: FileLock

  init(_ image: StoredImage, _ disk: DiskImage, _ lock: FileLock) {
    self.image = image
    self.disk = disk
    self.lock = lock
  }

  /// What a machine needs to start from it.
  public var firmware: Firmware { image.metadata.provenance.firmware }
  /// The processor that it is for, as QEMU calls it.
  public var architecture: String { image.metadata.provenance.architecture }
  /// Its number in a gallery: AIB's `exactVersion`; `nil` for a managed image.
  public var exactVersion: String? { image.metadata.version }
  /// What tells its content from that of any other image, for keys of a cache.
  public var identity: SHA256Digest { image.identity }

  /// Locks the image in a directory of the store.
  static func lock(_ directory: FilePath, _ share: FileLock.Share) throws(ImageError) -> FileLock? {
    try FileLock(directory.appending("lock"), share)
  }
}
