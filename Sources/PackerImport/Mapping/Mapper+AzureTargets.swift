import Template

extension Mapper {
  /// Where an azure-arm source has its result go.
  mutating func azureTargets(
    _ section: inout Section, _ scope: AzureScope, location: String, tags: Output?
  ) -> [Output] {
    var targets: [Output] = []
    if let name = resourceName("managed_image_name", in: &section) {
      let group = requiredName("managed_image_resource_group_name", in: &section)
      targets.append(
        .members([
          "type": .string("ManagedImage"), "runOutputName": .string(outputName(name, "image")),
          "imageId": .string(scope.resource(in: group, "Microsoft.Compute/images/\(name)")),
          "location": .string(location), "artifactTags": tags,
        ]))
    }
    let replicas = integer("shared_image_gallery_replica_count", in: &section)
    let excluded = flag("shared_gallery_image_version_exclude_from_latest", in: &section)
    for gallery in objects("shared_image_gallery_destination", in: &section) {
      guard
        gallery.fields.contains(where: { $0.name == "gallery_name" && !$0.value.isEmpty })
          || targets.isEmpty
      else {
        tell(
          .note, "`shared_image_gallery_destination` names no gallery and has no effect",
          at: gallery.place)
        continue
      }
      let base = gallerySettings(
        gallery, scope, location: location, replicas: replicas)
      targets.append(
        .object(
          base
            + [
              Output.Member(key: "excludeFromLatest", value: .bool(true)),
              Output.Member(key: "artifactTags", value: tags ?? .list([])),
            ].filter { member in
              member.key == "artifactTags" ? tags != nil : excluded
            }))
    }
    if let container = text("capture_container_name", in: &section) {
      targets.append(vhd(&section, container: container, tags: tags))
    }
    if targets.isEmpty {
      tell(
        .loss, "the source names no image that is made: the result goes to a VHD",
        at: section.place, hint: "write your targets into `distribute`")
      targets.append(
        .members(["type": .string("VHD"), "runOutputName": .string("disk"), "artifactTags": tags]))
    }
    return targets
  }

  private mutating func gallerySettings(
    _ gallery: Section, _ scope: AzureScope, location: String, replicas: Int?
  ) -> [Output.Member] {
    var gallery = gallery
    let subscription = resourceName("subscription", in: &gallery) ?? scope.subscription
    let group = requiredName("resource_group", in: &gallery)
    let name = requiredName("gallery_name", in: &gallery)
    let image = requiredName("image_name", in: &gallery)
    var id = AzureScope(subscription: subscription).resource(
      in: group, "Microsoft.Compute/galleries/\(name)/images/\(image)")
    if let number = galleryVersion(&gallery) { id += "/versions/\(number)" }
    let storage = storageType(&gallery)
    let regions = regions(&gallery, location, replicas, storage)
    let isShallow = flag("use_shallow_replication", in: &gallery)
    if isShallow { version = .v2025_10_01 }
    tellRest(
      of: gallery,
      by: ["specialized": .loss("the service makes generalized images only")])
    guard
      case .object(let members) = Output.members([
        "type": .string("SharedImage"),
        "runOutputName": .string(outputName("\(image)-gallery", "gallery")),
        "galleryImageId": .string(id), "targetRegions": regions,
        "replicationMode": isShallow ? .string("Shallow") : nil,
      ])
    else { return [] }
    return members
  }

  /// The version, if it is one; without it, the next number is taken.
  private mutating func galleryVersion(_ gallery: inout Section) -> String? {
    let field = gallery.fields.first { $0.name == "image_version" }
    guard let text = resourceName("image_version", in: &gallery), let field else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let isVersion = parts.count == 3 && parts.allSatisfy { Int($0).map { $0 >= 0 } ?? false }
    if isVersion || !field.value.gaps.isEmpty { return text }
    tell(
      .loss, "\(quoted(text)) is no version of an image: the next number is taken",
      at: field.place, hint: "a version is three numbers, as in `1.0.0`")
    return nil
  }

  private mutating func storageType(_ gallery: inout Section) -> String? {
    let place = gallery.place(of: "storage_account_type")
    guard let text = text("storage_account_type", in: &gallery) else { return nil }
    if let type = SharedImage.StorageAccountType(rawValue: text) { return type.rawValue }
    tell(.loss, "\(quoted(text)) is no kind of storage for a gallery's image", at: place)
    return nil
  }

  private mutating func regions(
    _ gallery: inout Section, _ location: String, _ replicas: Int?, _ storage: String?
  ) -> Output? {
    var regions: [(name: String, replicas: Int?)] = []
    for name in texts("replication_regions", in: &gallery) ?? [] where !name.isEmpty {
      regions.append((name, replicas))
    }
    for var target in objects("target_region", in: &gallery) {
      let name = requiredText("name", in: &target)
      let count = integer("replicas", in: &target) ?? replicas
      tellRest(of: target, by: [:])
      regions.append((name, count))
    }
    if regions.isEmpty, replicas != nil || storage != nil { regions.append((location, replicas)) }
    guard !regions.isEmpty else { return nil }
    return .list(
      regions.map { region in
        .members([
          "name": .string(region.name), "replicaCount": region.replicas.map(Output.number),
          "storageAccountType": storage.map(Output.string),
        ])
      })
  }

  private mutating func vhd(_ section: inout Section, container: String, tags: Output?) -> Output {
    let prefix = requiredText("capture_name_prefix", in: &section)
    let account = requiredText("storage_account", in: &section)
    if let field = section.take("resource_group_name") {
      tell(.note, "`resource_group_name`: the storage account's address says it", at: field.place)
    }
    let uri = "https://\(account).blob.core.windows.net/\(container)/\(prefix).vhd"
    tell(
      .note, "the VHD's address is \(quoted(uri)): Packer would have added a number to its name",
      at: section.place)
    return .members([
      "type": .string("VHD"), "runOutputName": .string(outputName("\(prefix)-vhd", "vhd")),
      "uri": .string(uri), "artifactTags": tags,
    ])
  }

  /// What is known of the fields of azure-arm that no template has.
  static let azureFields: [String: KnownField] = Dictionary([
    (
      "client_id client_secret client_cert_path client_cert_token_timeout client_jwt object_id "
        + "tenant_id use_azure_cli_auth oidc_request_token oidc_request_url oidc_token "
        + "use_interactive_auth cloud_environment_name skip_create_image",
      .note("who signs in to Azure, and how, is no part of a template")
    ),
    (
      "communicator ssh_port ssh_timeout ssh_pty ssh_password ssh_private_key_file "
        + "ssh_handshake_attempts ssh_clear_authorized_keys ssh_agent_auth "
        + "ssh_read_write_timeout ssh_keep_alive_interval ssh_disable_agent_forwarding "
        + "temporary_key_pair_type temporary_key_pair_bits winrm_timeout winrm_port winrm_use_ssl "
        + "winrm_insecure winrm_use_ntlm winrm_password winrm_expiration_time "
        + "pause_before_connecting",
      .note("the service and Kiln reach the machine in their own way")
    ),
    (
      "async_resourcegroup_delete polling_duration_timeout temp_compute_name temp_os_disk_name "
        + "temp_nic_name resource_prefix build_key_vault_name build_key_vault_secret_name "
        + "build_key_vault_sku skip_create_build_key_vault build_resource_group_name "
        + "shared_image_gallery_timeout custom_resource_build_prefix "
        + "managed_image_os_disk_snapshot_name managed_image_data_disk_snapshot_prefix",
      .note("it is about the resources that Packer makes for a build")
    ),
    (
      "allowed_inbound_ip_addresses private_virtual_network_with_public_ip "
        + "network_security_group_name public_ip_sku",
      .note("the service and Kiln make a network for the build by themselves")
    ),
    (
      "managed_image_storage_account_type managed_image_zone_resilient",
      .loss("a template does not say how a managed image is stored")
    ),
    (
      "shared_gallery_image_version_end_of_life_date",
      .loss("a template does not say when a version's life ends")
    ),
    (
      "secure_boot_enabled vtpm_enabled security_type security_encryption_type encryption_at_host "
        + "disk_encryption_set_id license_type spot keep_os_disk disk_caching_type zone "
        + "custom_data custom_data_file user_data user_data_file custom_script "
        + "boot_diag_storage_account",
      .loss("a template has no such setting for the machine that is built on")
    ),
    ("storage_account resource_group_name", .note("it counts only with `capture_container_name`")),
    ("capture_name_prefix", .note("it counts only with `capture_container_name`")),
    (
      "image_offer image_publisher image_sku image_version plan_info",
      .note("another source counts")
    ),
  ])
}
