public import SystemPackage

/// A hold on layers that a machine lies on and whose keys nobody knows: none of them is removed as
/// long as this value lives, or its process.
public final class LayerHold: Sendable {
  private let locks: [LayerLock]

  /// Holds the layers of these directories.
  /// - Throws: ``LayerError`` where one is gone.
  public init(_ directories: [FilePath]) throws(LayerError) {
    var locks: [LayerLock] = []
    for directory in directories {
      guard let lock = try LayerLock(directory.appending(LayerFiles.lock), .shared) else {
        throw LayerError("hold `\(directory)`", .inUse)
      }
      locks.append(lock)
    }
    self.locks = locks
  }
}
