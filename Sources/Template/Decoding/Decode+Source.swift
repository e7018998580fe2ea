extension TemplateDecoder {
  /// The image to start from.
  mutating func source(_ properties: Fields) -> Source? {
    guard let node = properties["source"]?.decisive, !refusedISO(node),
      let (kind, fields) = variant(of: node, among: .source)
    else { return nil }
    switch kind {
    case "PlatformImage":
      return platformImage(fields).map(Source.platformImage)
    case "ManagedImage":
      return resourceID("imageId", in: fields, of: .managedImage).map(Source.managedImage)
    case "SharedImageVersion":
      return sharedImageVersion(fields).map(Source.sharedImageVersion)
    default:
      return iso(fields).map(Source.iso)
    }
  }

  private mutating func refusedISO(_ node: Node) -> Bool {
    guard !Choice.iso.exists(in: version), let type = node.value.member("type")?.value,
      case .string(let text) = type.content, text.lowercased() == "iso"
    else { return false }
    fail(
      Node(value: type, path: "\(node.path).type", weight: .decisive),
      .isoSource,
      "cannot start from an ISO: the service removed this source in api-version 2020-02-14",
      hint: "use `PlatformImage`, `ManagedImage` or `SharedImageVersion`")
    return true
  }

  private mutating func iso(_ fields: Fields) -> ISOImage? {
    let field = fields.schema["sourceURI"]?.exists(in: version) == true ? "sourceURI" : "sourceUri"
    let uri = requiredText(field, in: fields, as: .address)
    let isGiven = requiredText("sha256Checksum", in: fields, as: .address) != nil
    guard let uri, isGiven, let sha256 = checksum(fields) else { return nil }
    warn(
      fields.node, .isoSource, "an ISO has to be installed first, which is not done here",
      hint: "install it once, and name the disk with `--source-disk`")
    return ISOImage(uri: uri, sha256: sha256)
  }

  private mutating func sharedImageVersion(_ fields: Fields) -> ResourceID? {
    let name = "imageVersionId"
    guard let id = resourceID(name, in: fields, of: .imageVersion) else { return nil }
    if let node = fields[name], let version, version < .v2022_07_01,
      id["versions"]?.lowercased() == "latest"
    {
      warn(
        node, .latestTooNew, "`latest` is taken for a version from api-version 2022-07-01 on",
        hint: "set `apiVersion` to `2022-07-01` or later, or name a version", service: .badValue)
    }
    return id
  }

  private mutating func platformImage(_ fields: Fields) -> PlatformImage? {
    var image = fields
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
      let plan = fields(of: node, as: .plan)
    else { return nil }
    let name = requiredText("planName", in: plan, as: .label)
    let product = requiredText("planProduct", in: plan, as: .label)
    let publisher = requiredText("planPublisher", in: plan, as: .label)
    guard let name, let product, let publisher else { return nil }
    return PurchasePlan(name: name, product: product, publisher: publisher)
  }
}
