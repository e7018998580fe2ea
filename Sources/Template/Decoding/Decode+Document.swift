extension TemplateDecoder {
  private static let documentSchema = Schema(
    subject: "an image template",
    fields: [
      Field("name"), Field("location"), Field("tags"), Field("properties"),
      Field("identity", since: .v2019_05_01_preview), Field("apiVersion", .ignored),
      Field("type", .ignored), Field("dependsOn", .ignored), Field("id", .readOnly),
      Field("systemData", .readOnly), Field("$schema", .ignored),
    ])

  private static let propertiesSchema = Schema(
    subject: "`properties`",
    fields: [
      Field("source"), Field("customize"), Field("distribute"),
      Field("validate", since: .v2022_02_14), Field("optimize", since: .v2022_07_01),
      Field("vmProfile", since: .v2019_05_01_preview),
      Field("buildTimeoutInMinutes", since: .v2019_05_01_preview),
      Field("stagingResourceGroup", since: .v2022_02_14),
      Field("errorHandling", since: .v2023_07_01), Field("autoRun", since: .v2024_02_01),
      Field("managedResourceTags", since: .v2024_02_01),
      Field("additionalDataDisks", since: .v2025_10_01),
      Field("provisioningState", .readOnly), Field("provisioningError", .readOnly),
      Field("lastRunStatus", .readOnly), Field("exactStagingResourceGroup", .readOnly),
    ])

  /// Reads the body of an image template.
  ///
  /// Every part is read, whatever else is wrong, so that all errors show at once.
  mutating func template(_ root: JSONValue) -> ImageTemplate? {
    let node = Node(value: root, path: "", weight: .incidental)
    guard let document = fields(of: node, as: Self.documentSchema) else { return nil }
    checkType(document)
    let name = templateName(document)
    let location = requiredText("location", in: document, as: .label)
    let tags = tags("tags", in: document)
    let identities = identities(document)
    guard let body = require("properties", in: document)?.decisive,
      var properties = fields(of: body, as: Self.propertiesSchema)
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
    } else {
      fail(
        node, .notAnImageTemplate, "\(quoted(type)) is no image template",
        hint: "an image template is `\(expected)`")
    }
  }

  private mutating func templateName(_ document: Fields) -> String? {
    guard let node = document["name"], let name = text(node, as: .label) else { return nil }
    if !isResourceName(name), Unresolved(name) == nil { fail(node, .badName, badName(name)) }
    return name
  }

  /// What is wrong with a name that is no ``isResourceName(_:)``.
  func badName(_ name: String) -> String {
    "\(quoted(name)) is no name: it must be 1 to 64 letters, digits, `-`, `_` and `.`"
  }
}
