extension TemplateDecoder {
  private static let planSchema = Schema(
    subject: "`planInfo`",
    fields: [Field("planName"), Field("planProduct"), Field("planPublisher")])

  private static let platformImageSchema = Schema(
    subject: "a PlatformImage source",
    fields: [
      Field("type"), Field("publisher"), Field("offer"), Field("sku"), Field("version"),
      Field("planInfo", since: .v2020_02_14), Field("exactVersion", .readOnly),
    ])

  /// The image to start from.
  mutating func source(_ properties: Fields) -> Source? {
    guard let node = require("source", in: properties)?.decisive else { return nil }
    let types = [
      Choice("PlatformImage"), Choice("ManagedImage", since: .v2019_02_01_preview),
      Choice("SharedImageVersion", since: .v2019_05_01_preview),
    ]
    if refusedISO(node) { return nil }
    switch discriminator("type", of: node, "the source", among: types) {
    case "PlatformImage":
      return platformImage(node).map(Source.platformImage)
    case "ManagedImage":
      let schema = Schema(
        subject: "a ManagedImage source", fields: [Field("type"), Field("imageId")])
      return fields(of: node, as: schema)
        .flatMap { resourceID("imageId", in: $0, of: .managedImage) }
        .map(Source.managedImage)
    case "SharedImageVersion":
      let schema = Schema(
        subject: "a SharedImageVersion source",
        fields: [Field("type"), Field("imageVersionId"), Field("exactVersion", .readOnly)])
      return fields(of: node, as: schema)
        .flatMap { resourceID("imageVersionId", in: $0, of: .imageVersion) }
        .map(Source.sharedImageVersion)
    default:
      return nil
    }
  }

  private mutating func refusedISO(_ node: Node) -> Bool {
    guard let type = node.value.member("type")?.value, case .string(let text) = type.content,
      text.lowercased() == "iso"
    else { return false }
    fail(
      Node(value: type, path: "\(node.path).type", weight: .decisive),
      .isoSource,
      "cannot start from an ISO: the service removed this source in api-version 2020-02-14",
      hint: "use `PlatformImage`, `ManagedImage` or `SharedImageVersion`")
    return true
  }

  private mutating func platformImage(_ node: Node) -> PlatformImage? {
    guard var image = fields(of: node, as: Self.platformImageSchema) else { return nil }
    image.node.weight = .incidental
    let publisher = requiredText("publisher", in: image, as: .label)
    let offer = requiredText("offer", in: image, as: .label)
    let sku = requiredText("sku", in: image, as: .label)
    let version = requiredText("version", in: image, as: .label)
    let plan = purchasePlan(image)
    guard let publisher, let offer, let sku, let version else { return nil }
    return PlatformImage(
      publisher: publisher, offer: offer, sku: sku, version: version, plan: plan)
  }

  private mutating func purchasePlan(_ image: Fields) -> PurchasePlan? {
    guard let node = object("planInfo", in: image),
      let plan = fields(of: node, as: Self.planSchema)
    else { return nil }
    let name = requiredText("planName", in: plan, as: .label)
    let product = requiredText("planProduct", in: plan, as: .label)
    let publisher = requiredText("planPublisher", in: plan, as: .label)
    guard let name, let product, let publisher else { return nil }
    return PurchasePlan(name: name, product: product, publisher: publisher)
  }
}
