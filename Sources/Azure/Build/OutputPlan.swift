internal import Pipeline
public import Template

/// What a run output in Azure is made of: an image, a version in a gallery, or a VHD, as values.
public struct OutputPlan: Sendable, Hashable {
  /// What is made.
  public enum Target: Sendable, Hashable {
    /// A managed image, in a region.
    case managedImage(ResourceID, location: String, generation: Generation)
    /// A version of an image in a gallery, in the region of its definition, and replicas.
    case version(ResourceID, location: String, SharedImage)
    /// A page blob.
    case vhd(BlobAddress)
    /// A page blob in a storage account that the build makes for it.
    case vhdOfOurs(container: String, name: String)
  }

  /// The generation of the machine's firmware.
  public enum Generation: String, Sendable, Hashable {
    /// BIOS.
    case first = "V1"
    /// UEFI.
    case second = "V2"
  }

  /// What is made.
  public let target: Target
  /// Its tags, `artifactTags` among them.
  public let tags: BuildTags

  /// Puts a plan together.
  public init(_ target: Target, tags: BuildTags) {
    self.target = target
    self.tags = tags
  }

  /// The resource that is made; `nil` for a blob, which is none.
  public var id: ResourceID? {
    switch target {
    case .managedImage(let id, _, _), .version(let id, _, _): id
    case .vhd, .vhdOfOurs: nil
    }
  }

  /// How far a run output is.
  public enum Stage: Sendable, Hashable {
    /// It is being made: whoever finds it late may remove it.
    case making
    /// It is whole.
    case done
  }

  /// The body of the PUT that makes it of a generalized machine, and of the one that says that it
  /// is whole; `nil` for a blob.
  public func body(from machine: ResourceID, _ stage: Stage) -> JSON? {
    let tags = JSON(stage == .making ? tags.temporary : tags.lasting)
    return body(from: machine, tags: tags)
  }

  private func body(from machine: ResourceID, tags: JSON) -> JSON? {
    switch target {
    case .managedImage(_, let location, let generation):
      [
        "location": .string(location), "tags": tags,
        "properties": [
          "hyperVGeneration": .string(generation.rawValue),
          "sourceVirtualMachine": ["id": .string(machine.text)],
        ],
      ]
    case .version(_, let location, let image):
      [
        "location": .string(location), "tags": tags,
        "properties": [
          "publishingProfile": Self.publishing(image, location),
          "storageProfile": ["source": ["virtualMachineId": .string(machine.text)]],
        ],
      ]
    case .vhd, .vhdOfOurs: nil
    }
  }

  /// The definition's own region is always among the regions: Azure wants it there.
  static func publishing(_ image: SharedImage, _ location: String) -> JSON {
    var regions = image.targetRegions.map { region -> JSON in
      [
        "name": .string(region.name), "regionalReplicaCount": .integer(Int64(region.replicaCount)),
        "storageAccountType": .string(region.storageAccountType.rawValue),
      ]
    }
    let hasOwn = image.targetRegions.contains { $0.name.regionKey == location.regionKey }
    if !hasOwn {
      let kind = SharedImage.StorageAccountType.standardLRS.rawValue
      regions.append([
        "name": .string(location), "regionalReplicaCount": 1, "storageAccountType": .string(kind),
      ])
    }
    return [
      "excludeFromLatest": .boolean(image.excludeFromLatest),
      "replicationMode": .string(image.replicationMode.rawValue),
      "targetRegions": .array(regions),
    ]
  }

  /// The body of the storage account's PUT.
  func account(in location: String, _ stage: Stage) -> JSON {
    [
      "location": .string(location),
      "tags": JSON(stage == .making ? tags.temporary : tags.lasting), "kind": "StorageV2",
      "sku": ["name": "Standard_LRS"],
      "properties": ["minimumTlsVersion": "TLS1_2", "allowBlobPublicAccess": false],
    ]
  }
}
