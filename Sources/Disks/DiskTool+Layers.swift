public import SystemPackage

extension DiskTool {
  /// Makes an empty qcow2 disk of `size` bytes that will lie on `base`, which a machine is writing to
  /// at this moment, so that nobody else may look into it.
  /// - Throws: ``DiskError``.
  public func createOverlay(
    at path: FilePath, onOpen base: DiskImage, size: Int
  ) async throws -> DiskImage {
    let image = DiskImage(path, format: .qcow2)
    try await make(image, "make the overlay `\(image.path)` on `\(base.path)`") { operation in
      try await command(
        [
          "create", "-q", "-u", "-f", "qcow2", "-b", base.path.string, "-F", base.format.toolName,
          image.path.string, "\(size)",
        ], for: operation)
    }
    return image
  }
}
