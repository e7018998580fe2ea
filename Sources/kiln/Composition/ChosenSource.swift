import Catalog
import Digests
import Disks
import Foundation
import HTTP
import Images
import Pipeline
import QEMU
import SystemPackage
import Template

/// The disk that stands for a template's source on this machine.
struct ChosenSource {
  /// The disk.
  let disk: BaseDisk
  /// Its exact version, where it has one.
  let version: String?
  /// What tells its content from that of any other.
  let identity: String
  /// What it is, in words.
  let description: String
  /// What the user should know of it, a sentence each.
  let notes: [String]
  private let virtualSize: Int
  /// Keeps the image from being removed while the build uses it.
  private let use: ImageUse?

  /// How the disk of a source is looked for.
  struct Search {
    /// The disk that the user named in place of the source.
    let disk: String?
    /// What stands for images of the Marketplace.
    let catalog: SourceCatalog
    /// What downloads them.
    let fetch: SourceFetch
    /// The images of this machine.
    let store: ImageStore
    /// Told of bytes so far, and how many there are where that is known.
    let progress: @Sendable (_ what: String, _ received: Int, _ total: Int?) -> Void
  }

  /// Finds the disk, and downloads it where it is not here.
  /// - Throws: `CatalogError`, `DiskError` or `ImageError`.
  static func find(_ source: Source, _ search: Search) async throws -> ChosenSource {
    if let path = search.disk { return try await named(path, search) }
    switch source {
    case .managedImage(let id):
      if let own = try entry(for: source, search) { return try await fetched(own, search) }
      return stored(try await search.store.managedImage(id))
    case .sharedImageVersion(let id):
      if let own = try entry(for: source, search) { return try await fetched(own, search) }
      return stored(try await search.store.sharedImageVersion(id))
    case .platformImage(let image):
      let match = try search.catalog.resolve(source, architecture: .ofHost)
      let notes = image.plan == nil ? [] : ["planInfo has no effect on a local build"]
      return try await fetched(match, search, notes)
    case .iso:
      return try await fetched(
        try search.catalog.resolve(source, architecture: .ofHost), search)
    }
  }

  /// What the user's file has for the id of an image; `nil` where it does not know the id.
  private static func entry(
    for source: Source, _ search: Search
  ) throws(CatalogError) -> CatalogMatch? {
    do {
      return try search.catalog.resolve(source, architecture: .ofHost)
    } catch  where error.kind == .unknown {
      return nil
    }
  }

  private static func named(_ path: String, _ search: Search) async throws -> ChosenSource {
    let info: DiskInfo
    do {
      info = try await search.store.tool.admit(FilePath(path), as: .byContent)
    } catch let error as DiskError where error.isOfTheFile {
      throw CommandFault(
        error.description,
        hint: error.hint ?? "--source-disk takes the path of a disk image: \(formats)", exit: .usage
      )
    }
    let firmware = try await Firmware.detect(info.image, by: search.store.tool)
    guard firmware != .unknown else {
      throw CommandFault(
        "could not use the disk `\(path)`: it has no partitions, so nothing would start from it",
        hint: "name an image of an installed system: \(formats)", exit: .usage)
    }
    let digest = try await search.fetch.digest(of: info.image.path)
    return ChosenSource(
      image: info.image, firmware: firmware,
      architecture: hostArchitecture.rawValue, version: nil, identity: "sha256:\(digest.hex)",
      description: "the disk \(path)", notes: [], virtualSize: info.virtualSize, use: nil)
  }

  private static let formats = "qcow2, raw, VHD, VHDX or VMDK"

  private static func fetched(
    _ match: CatalogMatch, _ search: Search, _ notes: [String] = []
  ) async throws -> ChosenSource {
    let name = "\(match.source)"
    let disk = try await search.fetch.disk(for: match) { [progress = search.progress] in
      progress(name, Int($0.received), $0.total.map(Int.init))
    }
    let info = try await search.store.tool.admit(disk.image.path, as: .format(disk.image.format))
    return ChosenSource(
      image: info.image, firmware: disk.firmware,
      architecture: architecture(disk.architecture).rawValue,
      version: disk.version, identity: disk.identity,
      description: "\(name), version \(disk.version), from \(disk.origin)", notes: notes,
      virtualSize: info.virtualSize, use: nil)
  }

  private static func architecture(_ name: Architecture) -> VMSpec.Architecture {
    name == .arm64 ? .aarch64 : .x86_64
  }

  private static func stored(_ use: ImageUse) -> ChosenSource {
    ChosenSource(
      image: use.disk, firmware: use.firmware, architecture: use.architecture,
      version: use.exactVersion, identity: "sha256:\(use.identity.hex)",
      description: "the image \(use.image.metadata.id)", notes: [],
      virtualSize: use.image.metadata.diskSize, use: use)
  }

  private init(
    image: DiskImage, firmware: Firmware, architecture: String, version: String?,
    identity: String, description: String, notes: [String], virtualSize: Int, use: ImageUse?
  ) {
    disk = BaseDisk(
      image: image, firmware: firmware,
      architecture: VMSpec.Architecture(rawValue: architecture) ?? hostArchitecture)
    self.version = version
    self.identity = identity
    self.description = description
    self.notes = notes
    self.virtualSize = virtualSize
    self.use = use
  }

  /// How large the VM's disk is where the template asks for `size`.
  /// - Throws: ``CommandFault`` where the source is larger: a disk can't shrink (`aib.md` a.2).
  func diskSize(_ size: VMProfile.DiskSize) throws -> DiskTool.OverlaySize {
    guard case .gigabytes(let gigabytes) = size else { return .same }
    let bytes = gigabytes << 30
    guard bytes >= virtualSize else {
      let least = (virtualSize + (1 << 30) - 1) >> 30
      throw CommandFault(
        "could not make the disk \(gigabytes) GB: the source has \(least) GB, and no disk shrinks",
        hint: "set osDiskSizeGB to \(least) or more, or leave it out to keep the source's size",
        exit: .usage)
    }
    return .bytes(bytes)
  }
}

extension DiskError {
  /// Whether another file would do.
  fileprivate var isOfTheFile: Bool {
    switch reason {
    case .file, .unusable, .refersTo, .size, .damaged: true
    case .toolMissing, .tool, .full, .exists: false
    }
  }
}

#if arch(arm64)
  /// The processors of this machine.
  let hostArchitecture = VMSpec.Architecture.aarch64
#else
  /// The processors of this machine.
  let hostArchitecture = VMSpec.Architecture.x86_64
#endif
