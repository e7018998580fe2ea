import Digests
import Disks
import Foundation
import Images
import Pipeline
import QEMU
import SystemPackage
import Template

/// The disk that stands for a template's source on this machine.
struct ChosenSource {
  /// The disk.
  let disk: SourceDisk
  /// What a machine needs to start from it, as the image that is made will say.
  let firmware: Firmware
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

  /// Finds the disk.
  /// - Throws: ``CommandFault`` where nothing is known to stand for the source; the errors of
  ///   `Disks` and `Images`.
  init(_ template: ImageTemplate, _ arguments: LocalArguments, _ store: ImageStore) async throws {
    var notes: [String] = []
    if let path = arguments.sourceDisk {
      let info = try await store.tool.admit(FilePath(path), as: .byContent)
      self = try await Self(
        file: info, named: "the disk \(path)", identity: try Self.identity(of: info.image.path),
        store, notes)
      return
    }
    switch template.source {
    case .managedImage(let id):
      self = try await Self(try await store.managedImage(id), store)
    case .sharedImageVersion(let id):
      self = try await Self(try await store.sharedImageVersion(id), store)
    case .platformImage(let image):
      if image.plan != nil { notes.append("planInfo has no effect on a local build") }
      throw CommandFault(
        "could not find a disk for \(image.publisher):\(image.offer):\(image.sku):\(image.version)",
        hint: "name a disk of your own with --source-disk FILE", exit: .failed)
    }
  }

  private init(
    file info: DiskInfo, named name: String, identity: String, _ store: ImageStore,
    _ notes: [String]
  ) async throws {
    let found = try await Firmware.detect(info.image, by: store.tool)
    self.init(
      image: info.image, firmware: found, architecture: hostArchitecture.rawValue, version: nil,
      identity: identity, description: name, notes: notes, virtualSize: info.virtualSize, use: nil)
  }

  private init(_ use: ImageUse, _ store: ImageStore) async throws {
    let version = use.exactVersion
    self.init(
      image: use.disk, firmware: use.firmware, architecture: use.architecture, version: version,
      identity: use.identity.hex, description: "the image \(use.image.metadata.id)", notes: [],
      virtualSize: use.image.metadata.diskSize, use: use)
  }

  private init(
    image: DiskImage, firmware: Firmware, architecture: String, version: String?,
    identity: String, description: String, notes: [String], virtualSize: Int, use: ImageUse?
  ) {
    let starts: VMSpec.Firmware = firmware == .bios || firmware == .unknown ? .bios : .uefi
    disk = SourceDisk(
      image: image, firmware: starts,
      architecture: VMSpec.Architecture(rawValue: architecture) ?? hostArchitecture)
    self.firmware = firmware
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
        "could not make the disk \(gigabytes) GB: the source has \(least) GB, and a disk can't shrink",
        hint: "set osDiskSizeGB to \(least) or more, or leave it out to keep the source's size",
        exit: .usage)
    }
    return .bytes(bytes)
  }

  private static func identity(of path: FilePath) throws -> String {
    let attributes = try FileManager.default.attributesOfItem(atPath: path.string)
    let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(path) \(attributes[.size] ?? 0) \(changed)"
  }
}

#if arch(arm64)
  /// The processors of this machine.
  let hostArchitecture = VMSpec.Architecture.aarch64
#else
  /// The processors of this machine.
  let hostArchitecture = VMSpec.Architecture.x86_64
#endif
