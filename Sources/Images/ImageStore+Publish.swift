public import Disks
internal import FoundationEssentials
internal import SystemPackage
internal import Template

/// An output of a build, in its place.
public struct PublishedImage: Hashable, Sendable {
  /// The image, as the store now has it.
  public let image: StoredImage
  /// What the target led to, as AIB has it.
  public var runOutput: RunOutput { image.metadata.runOutput }
}

extension ImageStore {
  /// Puts a build's disk in its place, in each of the formats that are wanted, flat: without the
  /// disks below it.
  ///
  /// The image appears by one rename, when all its bytes are safe from a power cut. Where this
  /// throws, or is cancelled, nothing of it stays; where the process is killed, what it leaves is
  /// for ``removeAbandoned()``.
  /// - Parameters:
  ///   - disk: The build's disk, which nothing writes to any more.
  ///   - prepared: Where it goes.
  ///   - provenance: Where it comes from.
  ///   - progress: Is told how much is done, from 0 to 1.
  /// - Returns: the image as it is now in the store, with its run output.
  /// - Throws: ``ImageError``, or `DiskError` where the disk can't be read or written.
  public func publish(
    _ disk: DiskImage, as prepared: PreparedOutput, _ provenance: Provenance,
    progress: @escaping ConversionProgress = { _ in }
  ) async throws -> PublishedImage {
    try await publish(disk, as: prepared, provenance, with: SharedDisks(), progress: progress)
  }

  /// As above, by links to what `shared` outputs of the same disk have written already.
  func publish(
    _ disk: DiskImage, as prepared: PreparedOutput, _ provenance: Provenance,
    with shared: SharedDisks, progress: @escaping ConversionProgress
  ) async throws -> PublishedImage {
    let operation = "publish `\(prepared.distributor.runOutputName)`"
    let workplace = try await StoreLock.held(in: root, for: operation) { () throws(ImageError) in
      try Workplace(in: layout)
    }
    do {
      let draft = try Draft(prepared, workplace, layout)
      try Files.makeDirectories(workplace.image)
      try workplace.note(outside: draft.outside)
      async let info = tool.info(disk)
      try await write(disk, by: draft, shared, progress)
      let size = try await info.virtualSize
      let bytes = try MetadataFile.encode(draft.metadata(provenance, diskSize: size))
      try Files.write(bytes, to: workplace.image.appending(MetadataFile.name))
      try Files.sync(workplace.image)
      let directory = try await StoreLock.held(in: root, for: operation) { () throws(ImageError) in
        try commit(draft, workplace)
      }
      // It is published: what can't be removed now is left to `removeAbandoned`.
      try? workplace.remove()
      // Another build may have put its own in this one's place by now, and removed it.
      return PublishedImage(image: try MetadataFile.image(bytes, in: directory))
    } catch {
      // What can't be removed now is left to `removeAbandoned`; the first error counts.
      try? workplace.remove()
      throw error
    }
  }

  private func write(
    _ disk: DiskImage, by draft: Draft, _ shared: SharedDisks,
    _ progress: @escaping ConversionProgress
  ) async throws {
    let count = Double(draft.files.count)
    for (index, file) in draft.files.enumerated() {
      try await shared.fill(file.partial, as: file.format) {
        _ = try await tool.convert(from: disk, to: file.partial, as: file.format) { done in
          progress((Double(index) + done) / count)
        }
        try await Files.syncLarge(file.partial)
      }
      progress(Double(index + 1) / count)
    }
  }

  /// Gives everything its name, while the store is locked.
  private func commit(_ draft: Draft, _ workplace: Workplace) throws(ImageError) -> FilePath {
    let older = try draft.slot.generations()
    if case .version(let version, let image) = draft.prepared.place, !older.isEmpty {
      throw ImageError("make version `\(version)` of `\(image.imageID)`", .versionExists)
    }
    try Files.makeDirectories(draft.slot.path)
    for case (let partial, let final?) in draft.files.map({ ($0.partial, $0.final) }) {
      try Files.move(partial, to: final)
      try Files.sync(final.removingLastComponent())
    }
    let directory = draft.slot.path.appending("\((older.last ?? 0) + 1)")
    try Files.move(workplace.image, to: directory)
    var parent = draft.slot.path
    // Each of the directories above may be new.
    while parent != root.removingLastComponent() {
      try Files.sync(parent)
      parent.removeLastComponent()
    }
    for generation in older { try? retire(generation, of: draft.slot, into: workplace) }
    return directory
  }

  /// Takes a replaced image away, unless a build has it as its base; what stays is for
  /// ``removeAbandoned()``.
  private func retire(
    _ generation: Int, of slot: Slot, into workplace: Workplace
  ) throws(ImageError) {
    let old = slot.path.appending("\(generation)")
    guard try ImageUse.lock(old, .exclusive) != nil else { return }
    try Files.move(old, to: workplace.path.appending("old-\(generation)"))
  }
}

/// An output that is being made: its files, and what they will be called.
struct Draft {
  struct File {
    let format: DiskFormat
    /// Where it is written.
    let partial: FilePath
    /// Where it goes by itself; `nil` where it goes with the directory that it is in.
    let final: FilePath?
    /// What `metadata.json` calls it.
    let name: String
  }

  let prepared: PreparedOutput
  let slot: Slot
  let files: [File]

  /// The files that are not in the store.
  var outside: [FilePath] { files.filter { $0.final != nil }.map(\.partial) }

  init(
    _ prepared: PreparedOutput, _ workplace: Workplace, _ layout: StoreLayout
  ) throws(ImageError) {
    self.prepared = prepared
    var base = "disk"
    switch prepared.place {
    case .managedImage(let id, _): slot = try layout.managedImage(id)
    case .version(let version, let image): slot = try layout.version(version, of: image.imageID)
    case .vhd(let name):
      slot = layout.vhd(named: name)
      base = name
    case .vhdFile(let path):
      slot = try layout.vhd(at: path)
      files = prepared.formats.enumerated().map { index, format in
        let final = index == 0 ? path : VHDAddress.beside(path, format)
        let mark = workplace.path.lastComponent?.string ?? ""
        let hidden = ".\(final.lastComponent?.string ?? "").\(mark).partial"
        return File(
          format: format, partial: final.removingLastComponent().appending(hidden), final: final,
          name: final.string)
      }
      return
    }
    files = prepared.formats.map { format in
      let name = "\(base).\(format.rawValue)"
      return File(
        format: format, partial: workplace.image.appending(name), final: nil, name: name)
    }
  }

  func metadata(_ provenance: Provenance, diskSize: Int) -> ImageMetadata {
    let target = prepared.distributor.target
    var (kind, id) = (ImageMetadata.Kind.vhd, "")
    var (location, replication): (String?, ImageMetadata.Replication?) = (nil, nil)
    switch prepared.place {
    case .managedImage(let resource, let region):
      (kind, id, location) = (.managedImage, resource.text, region)
    case .version(let version, let image):
      (kind, id) = (.sharedImage, "\(image.imageID)/versions/\(version)")
      replication = ImageMetadata.Replication(image)
    case .vhd(let name):
      // A name is used once, so its first directory is its only one.
      id = VHDAddress.url(of: slot.path.appending("1").appending("\(name).vhd"))
    case .vhdFile(let path):
      id = VHDAddress.url(of: path)
    }
    var artifact = RunOutput.Artifact.id(id)
    if case .vhd = target { artifact = .uri(id) }
    return ImageMetadata(
      form: ImageMetadata.form, kind: kind, id: id,
      version: prepared.version?.description, location: location, replication: replication,
      tags: prepared.distributor.artifactTags, diskSize: diskSize,
      disks: files.map { ImageMetadata.Disk(format: $0.format, file: $0.name) },
      runOutput: RunOutput(
        template: provenance.templateID, name: prepared.distributor.runOutputName.text,
        artifact: artifact),
      provenance: provenance)
  }
}

extension ImageMetadata.Replication {
  init(_ image: SharedImage) {
    targetRegions = image.targetRegions.map {
      Region(
        name: $0.name, replicaCount: $0.replicaCount,
        storageAccountType: $0.storageAccountType.rawValue)
    }
    replicationMode = image.replicationMode.rawValue
    excludeFromLatest = image.excludeFromLatest
  }
}
