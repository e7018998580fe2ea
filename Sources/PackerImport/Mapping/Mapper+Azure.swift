import Template

extension Mapper {
  /// What an azure-arm source gives.
  mutating func azure(_ section: inout Section) -> SourceParts {
    _ = section.take("os_type")
    loginUser = login(&section)
    let scope = AzureScope(subscription: requiredName("subscription_id", in: &section))
    let location = location(&section)
    let image = azureImage(&section, scope)
    let tags = azureTags(&section)
    let targets = azureTargets(&section, scope, location: location, tags: tags)
    var properties: [Output.Member] = []
    if let profile = profile(&section, scope) {
      properties.append(Output.Member(key: "vmProfile", value: profile))
    }
    if let group = resourceName("temp_resource_group_name", in: &section) {
      properties.append(
        Output.Member(key: "stagingResourceGroup", value: .string(scope.group(group))))
    }
    if let disks = integers("disk_additional_size", in: &section) {
      version = .v2025_10_01
      let sizes = disks.map { Output.members(["sizeGB": .number($0)]) }
      properties.append(Output.Member(key: "additionalDataDisks", value: .list(sizes)))
    }
    if let tags { properties.append(Output.Member(key: "managedResourceTags", value: tags)) }
    tell(
      .note, "the service needs an identity: placeholders stand in `identity`", at: section.place,
      hint: "write the id of your user-assigned identity there; Kiln itself does without")
    return SourceParts(
      source: image, targets: targets, location: location, identity: identity(scope),
      properties: properties, known: Self.azureFields)
  }

  private mutating func location(_ section: inout Section) -> String {
    if let location = text("location", in: &section) { return location }
    tell(
      .loss, "`location` has no value: `<location>` stands in the template", at: section.place,
      hint: "write the region into the template: Packer takes that of the resource group")
    return "<location>"
  }

  private func identity(_ scope: AzureScope) -> Output {
    let id = scope.resource(
      in: "<identity_resource_group>",
      "Microsoft.ManagedIdentity/userAssignedIdentities/<identity_name>")
    return .members([
      "type": .string("UserAssigned"),
      "userAssignedIdentities": .object([Output.Member(key: id, value: .object([Output.Member]()))]
      ),
    ])
  }

  /// The image to start from.
  private mutating func azureImage(_ section: inout Section, _ scope: AzureScope) -> Output {
    if let gallery = objects("shared_image_gallery", in: &section).first {
      return sharedSource(gallery, scope)
    }
    if let name = resourceName("custom_managed_image_name", in: &section) {
      let group = requiredName("custom_managed_image_resource_group_name", in: &section)
      return .members([
        "type": .string("ManagedImage"),
        "imageId": .string(scope.resource(in: group, "Microsoft.Compute/images/\(name)")),
      ])
    }
    if let field = section.take("image_url"), !field.value.isEmpty {
      tell(
        .loss, "`image_url`: a VHD is no source of a template: placeholders stand for an image",
        at: field.place, hint: "make a managed image of the VHD and name it in `source`")
      return openImage
    }
    let publisher = requiredText("image_publisher", in: &section)
    let offer = requiredText("image_offer", in: &section)
    let sku = requiredText("image_sku", in: &section)
    let version = text("image_version", in: &section) ?? "latest"
    return .members([
      "type": .string("PlatformImage"), "publisher": .string(publisher), "offer": .string(offer),
      "sku": .string(sku), "version": .string(version), "planInfo": plan(&section),
    ])
  }

  private mutating func plan(_ section: inout Section) -> Output? {
    guard var plan = objects("plan_info", in: &section).first,
      let name = text("plan_name", in: &plan)
    else { return nil }
    let product = requiredText("plan_product", in: &plan)
    let publisher = requiredText("plan_publisher", in: &plan)
    tellRest(of: plan, by: [:])
    return .members([
      "planName": .string(name), "planProduct": .string(product),
      "planPublisher": .string(publisher),
    ])
  }

  private mutating func sharedSource(_ gallery: Section, _ scope: AzureScope) -> Output {
    var gallery = gallery
    let id: String
    if let given = text("id", in: &gallery) {
      id = given
    } else {
      let subscription = resourceName("subscription", in: &gallery) ?? scope.subscription
      let group = requiredName("resource_group", in: &gallery)
      let name = requiredName("gallery_name", in: &gallery)
      let image = requiredName("image_name", in: &gallery)
      let version = resourceName("image_version", in: &gallery) ?? "latest"
      id = AzureScope(subscription: subscription).resource(
        in: group, "Microsoft.Compute/galleries/\(name)/images/\(image)/versions/\(version)")
    }
    tellRest(of: gallery, by: [:])
    return .members(["type": .string("SharedImageVersion"), "imageVersionId": .string(id)])
  }

  /// The size of the machine, its disk, its network and its identities.
  private mutating func profile(_ section: inout Section, _ scope: AzureScope) -> Output? {
    let size = text("vm_size", in: &section)
    let disk = integer("os_disk_size_gb", in: &section)
    let identities = texts("user_assigned_managed_identities", in: &section)
    var network: Output?
    if let name = resourceName("virtual_network_name", in: &section) {
      let group = requiredName("virtual_network_resource_group_name", in: &section)
      let subnet = requiredName("virtual_network_subnet_name", in: &section)
      let id = scope.resource(
        in: group, "Microsoft.Network/virtualNetworks/\(name)/subnets/\(subnet)")
      network = .members(["subnetId": .string(id)])
    }
    let profile = Output.members([
      "vmSize": size.map(Output.string), "osDiskSizeGB": disk.map(Output.number),
      "userAssignedIdentities": identities.map(Output.strings), "vnetConfig": network,
    ])
    return profile == .object([Output.Member]()) ? nil : profile
  }

  private mutating func azureTags(_ section: inout Section) -> Output? {
    var tags: [Output.Member] = []
    for tag in entries("azure_tags", in: &section) {
      tags.append(Output.Member(key: tag.name, value: .string(tag.value)))
    }
    for var tag in objects("azure_tag", in: &section) {
      guard let name = text("name", in: &tag) else { continue }
      let value = text("value", in: &tag) ?? ""
      tellRest(of: tag, by: [:])
      tags.append(Output.Member(key: name, value: .string(value)))
    }
    return tags.isEmpty ? nil : .object(tags)
  }
}

/// Builds ids of Azure's resources.
struct AzureScope {
  let subscription: String

  /// The id of a resource group.
  func group(_ name: String) -> String { "/subscriptions/\(subscription)/resourceGroups/\(name)" }

  /// The id of a resource: `rest` is its provider, its types and its names.
  func resource(in name: String, _ rest: String) -> String {
    "\(group(name))/providers/\(rest)"
  }
}
