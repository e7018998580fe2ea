extension Union {
  /// Where the image goes.
  static let distributors = Union(
    "a target", by: "type",
    [
      (Choice("ManagedImage", first: "managedImage"), .managedImageTarget),
      (Choice("SharedImage", first: "sharedImage"), .sharedImageTarget),
      (Choice("VHD", since: .v2019_02_01_preview), .vhdTarget),
    ])

  /// How the new version gets its number.
  static let versioning = Union(
    "`versioning`", by: "scheme",
    [(Choice("Latest"), .latestVersioning), (Choice("Source"), .sourceVersioning)])
}

extension Schema {
  static let managedImageTarget = Schema(
    subject: "a ManagedImage target",
    fields: targetFields + [
      Field("imageId", .text, "The id of the managed image to make.", need: .required),
      Field("location", .text, "The Azure region of the image.", need: .required),
    ])

  static let vhdTarget = Schema(
    subject: "a VHD target",
    fields: targetFields + [
      Field(
        "uri", .text, "Where the VHD goes; by default a place of the service's own.",
        since: .v2022_07_01)
    ])

  static let sharedImageTarget = Schema(
    subject: "a SharedImage target",
    fields: targetFields + [
      Field(
        "galleryImageId", .text,
        "The id of an image definition in a gallery, and of a new version where it is to be "
          + "that one.", need: .required),
      Field(
        "replicationRegions", .texts, "The regions that get replicas.", need: .before(.v2022_07_01)),
      Field(
        "excludeFromLatest", .flag, "Whether `latest` passes over the version.",
        since: .v2020_02_14),
      Field(
        "storageAccountType", .words(storage), "What holds the replicas of `replicationRegions`.",
        since: .v2020_02_14),
      Field(
        "targetRegions", .objects(targetRegion),
        "The regions that get replicas, in place of `replicationRegions`.", since: .v2022_07_01),
      Field(
        "versioning", .union(.versioning), "How the version gets its number.",
        since: .v2022_07_01),
      Field(
        "replicationMode", .words(Choice.all(SharedImage.ReplicationMode.self)),
        "How much is copied to each region.", since: .v2025_10_01),
    ])

  static let targetRegion = Schema(
    subject: "a target region",
    fields: [
      Field("name", .text, "The region's name.", need: .required),
      Field("replicaCount", .integer(1...most), "How many replicas it gets; 1 where absent."),
      Field("storageAccountType", .words(storage), "What holds them."),
    ])

  static let latestVersioning = Schema(
    subject: "`versioning`",
    fields: [
      scheme,
      Field("major", .integer(-1...most), "The version's first number; -1 for the highest."),
    ])

  static let sourceVersioning = Schema(subject: "`versioning`", fields: [scheme])

  private static let scheme = Field(
    "scheme", .text, "Whether it follows the highest or the source's.", need: .required)

  private static let storage = [
    Choice(SharedImage.StorageAccountType.standardLRS.rawValue),
    Choice(SharedImage.StorageAccountType.standardZRS.rawValue),
    Choice(SharedImage.StorageAccountType.premiumLRS.rawValue, since: .v2022_07_01),
  ]

  private static let targetFields = [
    type, Field("runOutputName", .name, "What the result is called.", need: .required),
    Field("artifactTags", .tags, "Tags of the image that is made."),
  ]
}
