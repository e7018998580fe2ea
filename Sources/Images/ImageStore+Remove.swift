public import SystemPackage

extension ImageStore {
  /// Removes an image, at once or not at all.
  ///
  /// A VHD that the template wanted elsewhere stays where it is: only what the store knows of it
  /// goes.
  /// - Throws: ``ImageError`` of reason ``ImageError/Reason/inUse`` where a build has it as its
  ///   base, or of ``ImageError/Reason/unknown(near:)`` where it is gone already.
  public func remove(_ image: StoredImage) async throws {
    let operation = "remove the image `\(image.name)`"
    let slot = Slot(path: image.directory.removingLastComponent())
    let workplace = try await StoreLock.held(in: root, for: operation) { () throws(ImageError) in
      let generations = try slot.generations()
      guard !generations.isEmpty else { throw ImageError(operation, .unknown(near: [])) }
      var locks: [FileLock] = []
      for generation in generations {
        guard let lock = try ImageUse.lock(slot.path.appending("\(generation)"), .exclusive) else {
          throw ImageError(operation, .inUse)
        }
        locks.append(lock)
      }
      let workplace = try Workplace(in: layout)
      try Files.move(slot.path, to: workplace.image)
      try Files.sync(slot.path.removingLastComponent())
      return withExtendedLifetime(locks) { workplace }
    }
    try workplace.remove()
  }

  /// Removes what processes that are gone have left: parts of images, reserved numbers, and images
  /// that were replaced while a build had them as its base.
  /// - Returns: what was removed.
  /// - Throws: ``ImageError`` with the file system's reason.
  public func removeAbandoned() async throws -> [FilePath] {
    guard Files.exists(root) else { return [] }
    let operation = "clean up `\(root)`"
    let (removed, workplaces) = try await StoreLock.held(in: root, for: operation) {
      () throws(ImageError) in
      var removed = try removeReservations()
      var workplaces: [Workplace] = []
      for name in try Files.names(in: layout.partial) {
        let path = layout.partial.appending(name)
        guard let workplace = try Workplace(abandoned: path) else { continue }
        workplaces.append(workplace)
        removed.append(path)
      }
      let (replaced, workplace) = try takeReplaced()
      return (removed + replaced, workplaces + [workplace])
    }
    for workplace in workplaces { try workplace.remove() }
    return removed
  }

  private func removeReservations() throws(ImageError) -> [FilePath] {
    var directories = [layout.vhds]
    for gallery in try Files.names(in: layout.galleries) {
      let path = layout.galleries.appending(gallery)
      directories += try Files.names(in: path).map { path.appending($0) }
    }
    var removed: [FilePath] = []
    for directory in directories {
      for name in try Files.names(in: directory) where name.hasPrefix(Self.reservedPrefix) {
        let path = directory.appending(name)
        guard try FileLock(path, .exclusive) != nil else { continue }
        try Files.remove(path)
        removed.append(path)
      }
    }
    return removed
  }

  /// Takes the images out of their places that have a newer one beside them.
  private func takeReplaced() throws(ImageError) -> ([FilePath], Workplace) {
    let workplace = try Workplace(in: layout)
    var taken: [FilePath] = []
    for slot in try slots() {
      for generation in try slot.generations().dropLast() {
        let path = slot.path.appending("\(generation)")
        guard try ImageUse.lock(path, .exclusive) != nil else { continue }
        try Files.move(path, to: workplace.path.appending("old-\(taken.count)"))
        taken.append(path)
      }
    }
    return (taken, workplace)
  }
}
