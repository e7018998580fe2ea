extension TemplateDecoder {
  private static let regionSchema = Schema(
    subject: "a target region",
    fields: [Field("name"), Field("replicaCount"), Field("storageAccountType")])

  private static let versioningSchema = Schema(
    subject: "`versioning`", fields: [Field("scheme"), Field("major")])

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
        fail(
          fields.node,
          .missingField,
          "\(fields.schema.subject) needs the field `replicationRegions` before "
            + "api-version 2022-07-01")
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
    guard let fields = fields(of: node, as: Self.regionSchema) else { return nil }
    let name = requiredText("name", in: fields, as: .label)
    let count = integer("replicaCount", in: fields, atLeast: 1)
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
    let schemes = [Choice("Latest"), Choice("Source")]
    let scheme = discriminator("scheme", of: node, "`versioning`", among: schemes)
    let versioning = self.fields(of: node, as: Self.versioningSchema)
    let major = versioning.flatMap { integer("major", in: $0, atLeast: -1) } ?? -1
    if scheme == "Source" {
      if let extra = versioning?["major"] {
        warn(extra, .uselessMajor, "`major` counts only with `Latest`")
      }
      return .source
    }
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
