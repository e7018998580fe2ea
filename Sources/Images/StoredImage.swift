public import Digests
public import Disks
public import SystemPackage

/// What `metadata.json` says of an image.
public struct ImageMetadata: Hashable, Sendable, Codable {
  /// What kind of image it is, in the words of a template's targets.
  public enum Kind: String, Hashable, Sendable, Codable {
    /// A managed image.
    case managedImage = "ManagedImage"
    /// A version of an image in a gallery.
    case sharedImage = "SharedImage"
    /// A VHD.
    case vhd = "VHD"
  }

  /// What a gallery would do with a version; it is kept, and means nothing on this machine.
  public struct Replication: Hashable, Sendable, Codable {
    /// A region that gets replicas.
    public struct Region: Hashable, Sendable, Codable {
      /// The region's name.
      public let name: String
      /// How many replicas it gets.
      public let replicaCount: Int
      /// The kind of storage that holds them.
      public let storageAccountType: String
    }

    /// The regions that get replicas.
    public let targetRegions: [Region]
    /// `Full` or `Shallow`.
    public let replicationMode: String
    /// Whether `latest` passes over the version; this counts here as well.
    public let excludeFromLatest: Bool
  }

  /// One file with the image's disk.
  public struct Disk: Hashable, Sendable, Codable {
    /// The file's format.
    public let format: DiskFormat
    /// Its name beside `metadata.json`, or its absolute path where it is elsewhere.
    public let file: String
  }

  /// The number of this form of the file.
  static let form = 1

  /// The number of the file's form: 1.
  public let form: Int
  /// What kind of image it is.
  public let kind: Kind
  /// The image's full id as the template has it, with the version in a gallery; a VHD's address.
  public let id: String
  /// Its number in a gallery.
  public let version: String?
  /// The region of a managed image.
  public let location: String?
  /// What a gallery would do with it.
  public let replication: Replication?
  /// The tags that it carries.
  public let tags: [String: String]
  /// The size of its disk as a machine sees it, in bytes.
  public let diskSize: Int
  /// Its disk, in one format or more; the first is the one to start from.
  public let disks: [Disk]
  /// What the target led to, as AIB has it.
  public let runOutput: RunOutput
  /// Where it came from.
  public let provenance: Provenance
}

/// An image in the store.
public struct StoredImage: Hashable, Sendable {
  /// What people call it: a managed image's name, `gallery/definition/version`, or a VHD's name.
  public let name: String
  /// What is known of it.
  public let metadata: ImageMetadata
  /// The checksum of `metadata.json`: no other image has it, and it never changes.
  public let identity: SHA256Digest
  /// Where `metadata.json` is.
  public let directory: FilePath

  /// Its disk, in one format or more; the first is the one to start from.
  public var disks: [DiskImage] {
    metadata.disks.map { DiskImage(directory.pushing(FilePath($0.file)), format: $0.format) }
  }
}
