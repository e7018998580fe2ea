/// The kinds of resource that a template names by id.
enum ResourceKind {
  case managedImage, imageDefinition, imageVersion, subnet, resourceGroup

  /// Whether an id of this type, in lower case, is of the kind.
  fileprivate func covers(_ type: String) -> Bool {
    switch self {
    case .managedImage: type == "microsoft.compute/images"
    case .imageDefinition:
      type == "microsoft.compute/galleries/images"
        || type == "microsoft.compute/galleries/images/versions"
    // Galleries that are shared directly have ids of their own: `/sharedGalleries/…`.
    case .imageVersion: type.hasSuffix("galleries/images/versions") || type == "versions"
    case .subnet: type == "microsoft.network/virtualnetworks/subnets"
    case .resourceGroup: type == "resourcegroups"
    }
  }

  fileprivate var name: String {
    switch self {
    case .managedImage: "a managed image"
    case .imageDefinition: "an image definition in a gallery"
    case .imageVersion: "an image version in a gallery"
    case .subnet: "a subnet"
    case .resourceGroup: "a resource group"
    }
  }

  fileprivate var shape: String {
    let group = "/subscriptions/…/resourceGroups/…"
    return switch self {
    case .managedImage: "\(group)/providers/Microsoft.Compute/images/…"
    case .imageDefinition: "\(group)/providers/Microsoft.Compute/galleries/…/images/…"
    case .imageVersion: "\(group)/providers/Microsoft.Compute/galleries/…/images/…/versions/…"
    case .subnet: "\(group)/providers/Microsoft.Network/virtualNetworks/…/subnets/…"
    case .resourceGroup: group
    }
  }
}

extension TemplateDecoder {
  /// The id in a field that must be there.
  mutating func resourceID(
    _ name: String, in fields: Fields, of kind: ResourceKind
  ) -> ResourceID? {
    guard let text = requiredText(name, in: fields, as: .label), let node = fields[name] else {
      return nil
    }
    return resourceID(text, node, of: kind)
  }

  /// The id in a field; `nil` where it is absent or empty.
  mutating func optionalResourceID(
    _ name: String, in fields: Fields, of kind: ResourceKind
  ) -> ResourceID? {
    guard let node = fields[name], let text = text(node, as: .label), !text.isEmpty else {
      return nil
    }
    return resourceID(text, node, of: kind)
  }

  private mutating func resourceID(
    _ text: String, _ node: Node, of kind: ResourceKind
  ) -> ResourceID? {
    if let id = ResourceID(text), kind.covers(id.resourceType.lowercased()) { return id }
    if Unresolved(text) != nil { return ResourceID(unresolved: text) }
    fail(
      node, .badResourceID, "\(quoted(text)) is not the id of \(kind.name)",
      hint: "it has the form `\(kind.shape)`", service: .badValue
    )
    return nil
  }
}
