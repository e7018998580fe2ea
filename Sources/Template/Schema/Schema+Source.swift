extension Union {
  /// The image to start from.
  static let source = Union(
    "the source", by: "type",
    [
      (Choice("PlatformImage"), .platformImage),
      (Choice("ManagedImage", since: .v2019_02_01_preview), .managedImageSource),
      (Choice("SharedImageVersion", since: .v2019_05_01_preview), .sharedImageVersion),
      (.iso, .iso),
    ])
}

extension Choice {
  /// An installation medium, which the service gave up.
  static let iso = Choice("ISO", until: .v2019_05_01_preview)
}

extension Schema {
  static let platformImage = Schema(
    subject: "a PlatformImage source",
    fields: [
      type, Field("publisher", .text, "Who publishes the image.", need: .required),
      Field("offer", .text, "What is published.", need: .required),
      Field("sku", .text, "Which variant.", need: .required),
      Field("version", .text, "Which version; `latest` is resolved at the build.", need: .required),
      Field("planInfo", .object(plan), "The plan of an image that is sold.", since: .v2020_02_14),
      Field("exactVersion", .anything, "Written by the service.", role: .readOnly),
    ])

  static let plan = Schema(
    subject: "`planInfo`",
    fields: [
      Field("planName", .text, "The plan's name.", need: .required),
      Field("planProduct", .text, "The product it belongs to.", need: .required),
      Field("planPublisher", .text, "Who sells it.", need: .required),
    ])

  static let managedImageSource = Schema(
    subject: "a ManagedImage source",
    fields: [type, Field("imageId", .text, "The id of the managed image.", need: .required)])

  static let sharedImageVersion = Schema(
    subject: "a SharedImageVersion source",
    fields: [
      type,
      Field(
        "imageVersionId", .text, "The id of a version of an image in a gallery.", need: .required),
      Field("exactVersion", .anything, "Written by the service.", role: .readOnly),
    ])

  static let iso = Schema(
    subject: "an ISO source",
    fields: [
      type,
      Field(
        "sourceURI", .text, "The address of the ISO.", need: .required,
        until: .v2019_02_01_preview),
      Field(
        "sourceUri", .text, "The address of the ISO.", need: .required,
        since: .v2019_05_01_preview),
      Field("sha256Checksum", .checksum, "The SHA-256 of the ISO.", need: .required),
    ])

  /// The field that tells what kind of object it is; the union has the words.
  static let type = Field("type", .text, "What kind of object this is.", need: .required)
}
