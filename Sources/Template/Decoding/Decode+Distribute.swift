extension TemplateDecoder {
  private static let commonFields = [Field("type"), Field("runOutputName"), Field("artifactTags")]

  private static let managedImageSchema = Schema(
    subject: "a ManagedImage target",
    fields: commonFields + [Field("imageId"), Field("location")])

  private static let vhdSchema = Schema(
    subject: "a VHD target", fields: commonFields + [Field("uri", since: .v2022_07_01)])

  private static let sharedImageSchema = Schema(
    subject: "a SharedImage target",
    fields: commonFields + [
      Field("galleryImageId"), Field("replicationRegions"),
      Field("excludeFromLatest", since: .v2020_02_14),
      Field("storageAccountType", since: .v2020_02_14),
      Field("targetRegions", since: .v2022_07_01), Field("versioning", since: .v2022_07_01),
      Field("replicationMode", since: .v2025_10_01),
    ])

  /// Where the result goes; `nil` where the array is missing.
  mutating func distributors(_ properties: Fields) -> [Distributor]? {
    guard let node = require("distribute", in: properties) else { return nil }
    var properties = properties
    properties.node.weight = .decisive
    guard let targets = objects("distribute", in: properties) else { return nil }
    if targets.isEmpty {
      warn(node, .nothingDistributed, "the array is empty: the image is built and goes nowhere")
    }
    var names: [String: Int] = [:]
    return targets.enumerated().compactMap { index, target in
      distributor(target, at: index, names: &names)
    }
  }

  private mutating func distributor(
    _ node: Node, at index: Int, names: inout [String: Int]
  ) -> Distributor? {
    let types = [
      Choice("ManagedImage"), Choice("SharedImage"), Choice("VHD", since: .v2019_02_01_preview),
    ]
    let schema: Schema
    let decode: (inout TemplateDecoder, Fields) -> Distributor.Target?
    switch discriminator("type", of: node, "a target", among: types) {
    case "ManagedImage": (schema, decode) = (Self.managedImageSchema, { $0.managedImage($1) })
    case "SharedImage": (schema, decode) = (Self.sharedImageSchema, { $0.sharedImage($1) })
    case "VHD": (schema, decode) = (Self.vhdSchema, { $0.vhd($1) })
    default: return nil
    }
    guard var fields = fields(of: node, as: schema) else { return nil }
    fields.node.weight = .incidental
    let name = runOutputName(fields, at: index, names: &names)
    let tags = tags("artifactTags", in: fields)
    guard let target = decode(&self, fields), let name else { return nil }
    return Distributor(
      runOutputName: name, index: index, position: node.position, artifactTags: tags,
      target: target)
  }

  private mutating func runOutputName(
    _ fields: Fields, at index: Int, names: inout [String: Int]
  ) -> RunOutputName? {
    guard let text = requiredText("runOutputName", in: fields, as: .label),
      let node = fields["runOutputName"]
    else { return nil }
    let open = Unresolved(text) == nil ? nil : RunOutputName(unresolved: text)
    guard let name = open ?? RunOutputName(text) else {
      fail(node, .badName, badName(text))
      return nil
    }
    if let other = names.updateValue(index, forKey: name.fileName) {
      fail(
        node, .duplicateOutput,
        "the name \(quoted(text)) is that of `distribute[\(other)]` already",
        hint: "give each target a name of its own")
    }
    return name
  }

  private mutating func managedImage(_ fields: Fields) -> Distributor.Target? {
    let id = resourceID("imageId", in: fields, of: .managedImage)
    let location = requiredText("location", in: fields, as: .label)
    guard let id, let location else { return nil }
    return .managedImage(id, location: location)
  }

  private mutating func vhd(_ fields: Fields) -> Distributor.Target? {
    let uri = text("uri", in: fields, as: .label) ?? ""
    return .vhd(uri: uri.isEmpty ? nil : uri)
  }
}
