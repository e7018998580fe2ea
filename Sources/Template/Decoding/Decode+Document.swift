extension TemplateDecoder {
  /// Reads the body of an image template.
  ///
  /// Every part is read, whatever else is wrong, so that all errors show at once.
  mutating func template(_ root: JSONValue) -> ImageTemplate? {
    let node = Node(value: root, path: "", weight: .incidental)
    guard let document = fields(of: node, as: .document) else { return nil }
    checkType(document)
    let name = templateName(document)
    let location = requiredText("location", in: document, as: .label)
    let tags = tags("tags", in: document)
    let identities = identities(document)
    guard let body = document["properties"]?.decisive,
      var properties = fields(of: body, as: .properties)
    else { return nil }
    // Most of what follows may stay open; the parts that may not say so themselves.
    properties.node.weight = .incidental
    let source = source(properties)
    let customizers = customizers(properties)
    let validation = validation(properties)
    let optimization = optimization(properties)
    let distributors = distributors(properties)
    let settings = settings(properties)
    guard let location, let source, let distributors, !findings.hasErrors else { return nil }
    return ImageTemplate(
      apiVersion: version, name: name, location: location, tags: tags, identities: identities,
      source: source,
      sourcePosition: properties["source"]?.position ?? root.position, customizers: customizers,
      validation: validation,
      optimization: optimization, distributors: distributors, vmProfile: settings.vmProfile,
      buildTimeout: settings.buildTimeout, errorHandling: settings.errorHandling,
      autoRun: settings.autoRun, managedResourceTags: settings.managedResourceTags,
      stagingResourceGroup: settings.stagingResourceGroup,
      additionalDataDisks: settings.additionalDataDisks)
  }

  private mutating func checkType(_ document: Fields) {
    guard let node = document["type"], let type = text(node, as: .label) else { return }
    let expected = "Microsoft.VirtualMachineImages/imageTemplates"
    guard type != expected, Unresolved(type) == nil else { return }
    let namespace = "microsoft.virtualmachineimages"
    if [namespace, expected.lowercased()].contains(type.lowercased()) {
      // The address of the request decides, so bodies like official quickstarts have only half.
      warn(node, .resourceTypeSpelling, "\(quoted(type)) must be written `\(expected)`")
      mend(node, to: "\"\(expected)\"")
    } else {
      fail(
        node, .notAnImageTemplate, "\(quoted(type)) is no image template",
        hint: "an image template is `\(expected)`")
    }
  }

  private mutating func templateName(_ document: Fields) -> String? {
    guard let node = document["name"], let name = text(node, as: .label) else { return nil }
    checkName(name, node)
    return name
  }

  /// Reports a name that is none; before 2019-05-01-preview there was no `.` in names.
  mutating func checkName(_ name: String, _ node: Node) {
    guard Unresolved(name) == nil else { return }
    let refusesDots = version.map { $0 < .v2019_05_01_preview } ?? false
    guard !isResourceName(name) || (refusesDots && name.contains(".")) else { return }
    fail(
      node, .badName,
      "\(quoted(name)) is no name: it must be 1 to 64 letters, digits, `-`, `_`"
        + (refusesDots ? "" : " and `.`"), service: .badValue)
  }
}
