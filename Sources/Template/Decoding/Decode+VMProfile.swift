extension TemplateDecoder {
  /// The machine that the image is built on.
  mutating func vmProfile(_ properties: Fields) -> VMProfile {
    guard let node = object("vmProfile", in: properties),
      let fields = fields(of: node, as: .vmProfile)
    else { return .standard }
    let size = text("vmSize", in: fields, as: .label) ?? ""
    let disk = integer("osDiskSizeGB", in: fields) ?? 0
    return VMProfile(
      vmSize: size.isEmpty ? VMProfile.defaultVMSize : size,
      osDiskSize: disk == 0 ? .source : .gigabytes(disk),
      identities: texts("userAssignedIdentities", in: fields, as: .label),
      network: network(fields))
  }

  private mutating func network(_ profile: Fields) -> VMProfile.Network {
    guard let node = object("vnetConfig", in: profile),
      let fields = fields(of: node, as: .vnetConfig)
    else { return .made }
    let subnet = optionalResourceID("subnetId", in: fields, of: .subnet)
    let proxy = text("proxyVmSize", in: fields, as: .label) ?? ""
    let containers = optionalResourceID("containerInstanceSubnetId", in: fields, of: .subnet)
    if containers != nil, let node = fields["containerInstanceSubnetId"] {
      if fields["subnetId"] == nil {
        fail(node, .missingField, "`containerInstanceSubnetId` needs `subnetId` beside it")
      }
      if !proxy.isEmpty {
        fail(
          node, .excludingFields,
          "`containerInstanceSubnetId` and `proxyVmSize` exclude each other",
          hint: "remove one of them")
      }
    }
    guard let subnet else { return .made }
    if let containers { return .subnet(subnet, .containerInstances(containers)) }
    return .subnet(
      subnet, .proxy(vmSize: proxy.isEmpty ? VMProfile.defaultProxyVMSize : proxy))
  }
}
