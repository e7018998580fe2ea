/// One place where the result goes.
public struct Distributor: Hashable, Sendable {
  /// The kind of place, and what it needs.
  public enum Target: Hashable, Sendable {
    /// A managed image in a region.
    case managedImage(ResourceID, location: String)
    /// A version of an image in a gallery.
    case sharedImage(SharedImage)
    /// A virtual hard disk; its address is `nil` for one that the build chooses.
    case vhd(uri: String?)
  }

  /// What the run output is called; unique within the template.
  public let runOutputName: RunOutputName

  /// The place of this entry in the document's array, from 0.
  public let index: Int

  /// Where this entry starts in the document.
  public let position: SourcePosition

  /// The tags that the result carries.
  public let artifactTags: [String: String]

  /// The kind of place, and what it needs.
  public let target: Target

  /// Describes one place where the result goes.
  public init(
    runOutputName: RunOutputName, index: Int, position: SourcePosition,
    artifactTags: [String: String], target: Target
  ) {
    self.runOutputName = runOutputName
    self.index = index
    self.position = position
    self.artifactTags = artifactTags
    self.target = target
  }
}

extension Distributor.Target {
  /// The document's word for the kind of place, as in `SharedImage`.
  public var type: String {
    switch self {
    case .managedImage: "ManagedImage"
    case .sharedImage: "SharedImage"
    case .vhd: "VHD"
    }
  }
}

/// A version to be made of an image in a gallery.
public struct SharedImage: Hashable, Sendable {
  /// How the new version gets its number.
  public enum Versioning: Hashable, Sendable {
    /// It is the one that the document names.
    case explicit(String)
    /// It is the highest with this major number, or of all, with the patch number one higher.
    case latest(major: Int?)
    /// It comes from the number of the source's version.
    case source
    /// It comes from the time of the run, as before api-version 2022-07-01 (`aib.md` d.3).
    case monotonic
  }

  /// How much of the image is copied to each region.
  public enum ReplicationMode: String, CaseIterable, Hashable, Sendable {
    /// All of it: the default.
    case full = "Full"
    /// As little as possible, to be ready sooner.
    case shallow = "Shallow"
  }

  /// The kind of storage that holds a replica.
  public enum StorageAccountType: String, CaseIterable, Hashable, Sendable {
    /// Standard disks in one zone: the default.
    case standardLRS = "Standard_LRS"
    /// Standard disks across zones.
    case standardZRS = "Standard_ZRS"
    /// Premium disks in one zone.
    case premiumLRS = "Premium_LRS"
  }

  /// A region that gets replicas.
  public struct TargetRegion: Hashable, Sendable {
    /// The region's name.
    public let name: String
    /// How many replicas it gets, at least 1.
    public let replicaCount: Int
    /// The kind of storage that holds them.
    public let storageAccountType: StorageAccountType
  }

  /// The image definition in the gallery, without a version.
  public let imageID: ResourceID
  /// How the new version gets its number.
  public let versioning: Versioning
  /// The regions that get replicas; empty for the gallery's own alone.
  public let targetRegions: [TargetRegion]
  /// Whether `latest` passes over the new version.
  public let excludeFromLatest: Bool
  /// How much of the image is copied.
  public let replicationMode: ReplicationMode

  /// Describes a version to be made.
  public init(
    imageID: ResourceID, versioning: Versioning, targetRegions: [TargetRegion],
    excludeFromLatest: Bool, replicationMode: ReplicationMode
  ) {
    self.imageID = imageID
    self.versioning = versioning
    self.targetRegions = targetRegions
    self.excludeFromLatest = excludeFromLatest
    self.replicationMode = replicationMode
  }
}
