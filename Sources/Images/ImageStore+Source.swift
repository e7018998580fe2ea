internal import SystemPackage
public import Template

extension ImageStore {
  /// The managed image with this id, as the base of a build.
  ///
  /// Ids are compared whole and without regard to case: an image of that name in another resource
  /// group or subscription is another image.
  /// - Throws: ``ImageError`` of reason ``ImageError/Reason/unknown(near:)`` where there is none.
  public func managedImage(_ id: ResourceID) async throws -> ImageUse {
    let operation = "find the managed image `\(id)`"
    let use = try await StoreLock.held(in: root, for: operation) {
      () throws(ImageError) -> ImageUse? in
      try taken(layout.managedImage(id))
    }
    guard let use else { throw ImageError(operation, .unknown(near: try near(id.text))) }
    return use
  }

  /// The version of an image in a gallery with this id, as the base of a build.
  ///
  /// For `…/versions/latest` it is the highest one that is not excluded from that. Ids are compared
  /// as by ``managedImage(_:)``.
  /// - Throws: ``ImageError`` of reason ``ImageError/Reason/unknown(near:)`` where there is none.
  public func sharedImageVersion(_ id: ResourceID) async throws -> ImageUse {
    let operation = "find the image version `\(id)`"
    let use = try await StoreLock.held(in: root, for: operation) {
      () throws(ImageError) -> ImageUse? in
      guard let name = id["versions"], let definition = id.parent else { return nil }
      if name.lowercased() == "latest" { return try latest(of: definition) }
      guard let version = ImageVersion(name) else { return nil }
      return try taken(layout.version(version, of: definition))
    }
    guard let use else { throw ImageError(operation, .unknown(near: try near(id.text))) }
    return use
  }

  /// An image that was listed or found, as the base of a VM.
  /// - Throws: ``ImageError`` of reason ``ImageError/Reason/unknown(near:)`` where it is gone.
  public func use(_ image: StoredImage) async throws -> ImageUse {
    let operation = "use the image `\(image.name)`"
    let use = try await StoreLock.held(in: root, for: operation) {
      () throws(ImageError) -> ImageUse? in
      try taken(Slot(path: image.directory.removingLastComponent()))
    }
    guard let use else { throw ImageError(operation, .unknown(near: [])) }
    return use
  }

  /// The highest version; one that can't be read is told rather than passed over.
  private func latest(of definition: ResourceID) throws(ImageError) -> ImageUse? {
    for version in try versions(in: layout.definition(definition)).sorted(by: >) {
      let slot = try layout.version(version, of: definition)
      guard let directory = try slot.newest() else { continue }
      let metadata = try MetadataFile.load(directory).metadata
      if metadata.replication?.excludeFromLatest != true { return try taken(slot) }
    }
    return nil
  }

  private func taken(_ slot: Slot) throws(ImageError) -> ImageUse? {
    guard let directory = try slot.newest() else { return nil }
    let image = try MetadataFile.load(directory)
    guard let lock = try ImageUse.lock(directory, .shared) else {
      throw ImageError("use `\(image.name)`", .busy)
    }
    guard let disk = image.disks.first else {
      throw ImageError("use `\(image.name)`", .damaged("its `metadata.json` names no disk"))
    }
    return ImageUse(image, disk, lock)
  }

  /// The ids of the images that are most like `text`.
  func near(_ text: String) throws(ImageError) -> [String] {
    let wanted = Array(text.lowercased().utf8)
    let ids = try list().images.map(\.metadata.id)
    let ranked = ids.map { ($0, distance(wanted, Array($0.lowercased().utf8))) }
      .filter { $0.1 <= wanted.count / 2 }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    return ranked.prefix(Self.nearLimit).map(\.0)
  }

  /// How many near images an error lists.
  private static let nearLimit = 3
}

/// How many bytes must be put in, taken out or changed to get from one text to the other.
private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var row = Array(0...right.count)
  for (i, byte) in left.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in right.enumerated() {
      let change = diagonal + (byte == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(change, row[j] + 1, diagonal + 1)
    }
  }
  return row[right.count]
}
