import Template

/// What a source gives to a template.
struct SourceParts {
  var source: Output
  var targets: [Output]
  var location: String
  /// The identity; `nil` for a source that is none of Azure's.
  var identity: Output?
  /// Further properties.
  var properties: [Output.Member] = []
  /// What is known of fields that no template has.
  var known: [String: KnownField]
}

extension Mapper {
  /// What the source gives; its fields are taken out of the section.
  mutating func sourceParts(_ section: inout Section) -> SourceParts {
    if section.kind == "azure-arm" { return azure(&section) }
    loginUser = login(&section)
    tell(
      .loss,
      "a \(quoted(section.kind)) source is no image of Azure: placeholders stand for its name",
      at: section.place,
      hint: "write the image's name into `source`, or bake with `--source-disk`")
    let name = text("vm_name", in: &section) ?? section.name
    let target = Output.members([
      "type": .string("VHD"), "runOutputName": .string(outputName(name, "disk")),
    ])
    return SourceParts(
      source: openImage, targets: [target], location: "<location>", identity: nil,
      known: Self.localFields)
  }

  /// The user that Packer logs in as: nothing in a template says it.
  mutating func login(_ section: inout Section) -> String {
    let fields = [section.take("winrm_username"), section.take("ssh_username")].compactMap { $0 }
    for field in fields where !field.value.isEmpty {
      tell(
        .note, "\(quoted(field.name)): the service and Kiln log in with a user of their own",
        at: field.place)
    }
    return fields.first { !$0.value.isEmpty }?.value.text ?? "packer"
  }

  /// An image whose name is still to be written.
  var openImage: Output {
    .members([
      "type": .string("PlatformImage"), "publisher": .string("<image_publisher>"),
      "offer": .string("<image_offer>"), "sku": .string("<image_sku>"),
      "version": .string("latest"),
    ])
  }

  /// A name that run outputs may have: 1 to 64 letters, digits, `-`, `_` and `.`.
  func outputName(_ text: String, _ other: String) -> String {
    let plain = String(
      text.unicodeScalars.filter { $0 != "<" && $0 != ">" }.prefix(64).map { scalar in
        let isPlain =
          scalar.isASCII
          && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || "-_.".unicodeScalars.contains(scalar))
        return isPlain ? Character(scalar) : "-"
      })
    return plain.isEmpty || plain == "." || plain == ".." ? other : plain
  }

  private static let localFields: [String: KnownField] = Dictionary([
    (
      "communicator ssh_port ssh_timeout ssh_wait_timeout ssh_handshake_attempts ssh_pty "
        + "ssh_host ssh_private_key_file ssh_agent_auth winrm_timeout winrm_port winrm_use_ssl "
        + "winrm_insecure host_port_min host_port_max vnc_bind_address headless accelerator "
        + "qemu_binary output_directory boot_wait http_port_min http_port_max skip_nat_mapping",
      .note("Kiln reaches and runs the machine in its own way")
    ),
    (
      "iso_url iso_urls iso_checksum iso_target_path iso_target_extension disk_image",
      .loss("the disk to start from is no part of a template: see `kiln build --source-disk`")
    ),
    (
      "boot_command http_directory http_content floppy_files cd_files cd_content cd_label",
      .loss("an installation from a medium is not carried over: start from an installed disk")
    ),
    (
      "memory cpus cores sockets threads cpu_model machine_type disk_size disk_interface "
        + "disk_compression disk_discard disk_cache net_device format qemuargs firmware "
        + "efi_boot use_default_display",
      .loss("the machine's shape is `vmProfile` and options of `kiln build`")
    ),
    ("shutdown_command shutdown_timeout", .note("Kiln shuts the machine down by itself")),
  ])
}
