extension TemplateDecoder {
  /// Where the result goes; `nil` where the array is missing.
  mutating func distributors(_ properties: Fields) -> [Distributor]? {
    guard let node = properties["distribute"] else { return nil }
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
    guard let (kind, decisive) = variant(of: node, among: .distributors) else { return nil }
    var fields = decisive
    fields.node.weight = .incidental
    let name = runOutputName(fields, at: index, names: &names)
    let tags = tags("artifactTags", in: fields)
    let target: Distributor.Target? =
      switch kind {
      case "ManagedImage": managedImage(fields)
      case "SharedImage": sharedImage(fields)
      default: vhd(fields)
      }
    guard let target, let name else { return nil }
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
    checkName(text, node)
    guard let name = open ?? RunOutputName(text) else { return nil }
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
