extension TemplateDecoder {
  /// The largest number that a version's parts may be (`aib.md` d.3).
  private static let maximumVersionPart = 2_147_483_647

  /// A version to be made of an image in a gallery.
  mutating func sharedImage(_ fields: Fields) -> Distributor.Target? {
    let regions = targetRegions(fields)
    let id = resourceID("galleryImageId", in: fields, of: .imageDefinition)
    let versioning = versioning(fields, of: id)
    let excluded = flag("excludeFromLatest", in: fields)
    let mode: SharedImage.ReplicationMode = choice("replicationMode", in: fields, absent: .full)
    guard let id else { return nil }
    let definition = id["versions"] == nil ? id : id.parent
    return .sharedImage(
      SharedImage(
        imageID: definition ?? id, versioning: versioning, targetRegions: regions,
        excludeFromLatest: excluded, replicationMode: mode))
  }

  /// The regions of either `targetRegions` or the older `replicationRegions`.
  private mutating func targetRegions(_ fields: Fields) -> [SharedImage.TargetRegion] {
    let names = texts("replicationRegions", in: fields, as: .label)
    let storage: SharedImage.StorageAccountType = choice(
      "storageAccountType", in: fields, absent: .standardLRS)
    guard let targets = objects("targetRegions", in: fields), !targets.isEmpty else {
      if fields["replicationRegions"] == nil, let version, version < .v2022_07_01 {
        reportMissing(
          "replicationRegions", in: fields, when: " before api-version 2022-07-01")
      }
      if fields["replicationRegions"] == nil, let node = fields["storageAccountType"] {
        warn(
          node, .uselessStorage, "`storageAccountType` counts only with `replicationRegions`",
          hint: "name the regions in `targetRegions`, with the storage of each")
      }
      return names.map {
        SharedImage.TargetRegion(name: $0, replicaCount: 1, storageAccountType: storage)
      }
    }
    for name in ["replicationRegions", "storageAccountType"] {
      guard let node = fields[name] else { continue }
      fail(
        node, .excludingFields, "`\(name)` and `targetRegions` exclude each other",
        hint: "remove `\(name)`: each of the `targetRegions` says it for itself")
    }
    return targets.compactMap { targetRegion($0) }
  }

  private mutating func targetRegion(_ node: Node) -> SharedImage.TargetRegion? {
    guard let fields = fields(of: node, as: .targetRegion) else { return nil }
    let name = requiredText("name", in: fields, as: .label)
    let count = integer("replicaCount", in: fields)
    let storage: SharedImage.StorageAccountType = choice(
      "storageAccountType", in: fields, absent: .standardLRS)
    return name.map {
      SharedImage.TargetRegion(name: $0, replicaCount: count ?? 1, storageAccountType: storage)
    }
  }

  private mutating func versioning(_ fields: Fields, of id: ResourceID?) -> SharedImage.Versioning {
    let explicit = id?["versions"]
    if let explicit, let node = fields["galleryImageId"] { checkVersion(explicit, node) }
    guard let node = object("versioning", in: fields) else {
      if let explicit { return .explicit(explicit) }
      return version.map { $0 < .v2022_07_01 } ?? false ? .monotonic : .latest(major: nil)
    }
    if let explicit {
      fail(
        node,
        .excludingFields,
        "`versioning` and the version \(quoted(explicit)) of `galleryImageId` exclude each "
          + "other", hint: "remove one of them")
    }
    guard let (scheme, fields) = variant(of: node, among: .versioning), scheme != "Source"
    else { return .source }
    let major = integer("major", in: fields) ?? -1
    return .latest(major: major < 0 ? nil : major)
  }

  private mutating func checkVersion(_ text: String, _ node: Node) {
    guard Unresolved(text) == nil else { return }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let isVersion =
      parts.count == 3
      && parts.allSatisfy { part in
        part.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
          && Int(part).map { $0 <= Self.maximumVersionPart } ?? false
      }
    guard !isVersion else { return }
    fail(
      node, .badImageVersion, "\(quoted(text)) is no version of an image",
      hint: "it is three numbers up to \(Self.maximumVersionPart), as in `1.0.0`")
  }
}
