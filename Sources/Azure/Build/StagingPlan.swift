public import Pipeline
public import Template

/// What a build VM is.
public struct MachineSpec: Sendable, Hashable {
  /// What its disk starts as.
  public enum Origin: Sendable, Hashable {
    /// An image of the Marketplace; its version is never `latest` here.
    case platform(PlatformImage)
    /// A managed image, or a version of a gallery.
    case image(ResourceID, plan: PurchasePlan?)
  }

  /// How it is protected.
  public enum Security: Sendable, Hashable {
    /// As usual.
    case standard
    /// Secure Boot and a virtual TPM; no managed image can be made of it.
    case trustedLaunch
  }

  /// How it is paid for.
  public enum Priority: Sendable, Hashable {
    /// As usual.
    case regular
    /// What is left over, at most at the usual price; Azure may take it back.
    case spot
  }

  /// What its user is let in by, as what its system takes.
  public enum Account: Sendable, Hashable {
    /// A public key as `authorized_keys` has it, and what cloud-init is told at the first start.
    case linux(authorizedKey: String, CustomData)
    /// A password.
    case windows(password: Secret)
  }

  /// Its size, as in `Standard_D2s_v5`.
  public var size: String
  /// What its disk starts as.
  public var origin: Origin
  /// How large its disk is.
  public var diskSize: VMProfile.DiskSize
  /// Ids of the identities that it has.
  public var identities: [String]
  /// How it is protected.
  public var security: Security
  /// How it is paid for.
  public var priority: Priority
  /// The user that steps run as.
  public var user: String
  /// What that user is let in by.
  public var account: Account

  /// Describes a machine.
  public init(
    size: String, origin: Origin, diskSize: VMProfile.DiskSize = .source,
    identities: [String] = [], security: Security = .standard, priority: Priority = .regular,
    user: String, account: Account
  ) {
    self.size = size
    self.origin = origin
    self.diskSize = diskSize
    self.identities = identities
    self.security = security
    self.priority = priority
    self.user = user
    self.account = account
  }
}

/// A resource to make: its id, what is asked for, and what must be there before.
public struct PlannedResource: Sendable, Hashable {
  /// Its id.
  public let id: ResourceID
  /// The body of the PUT.
  public let body: JSON
  /// Other resources of the plan that must be there before it.
  public let needs: [ResourceID]
  /// What it makes beside itself.
  public let alsoMakes: [ResourceID]
}

/// All that is made for a build VM, as values: nothing is decided later.
public struct StagingPlan: Sendable, Hashable {
  /// The network that the machine is in.
  public enum Network: Sendable, Hashable {
    /// One of its own, with an address that only `from` reaches, an address range as in
    /// `203.0.113.7/32`, at this port.
    case made(from: String, port: Int)
    /// A subnet that is there; the machine gets no public address.
    case subnet(ResourceID)
  }

  /// The region.
  public let location: String
  /// What everything is called.
  public let names: BuildNames
  /// The tags of everything.
  public let tags: BuildTags
  /// The network.
  public let network: Network
  /// The machine.
  public let machine: MachineSpec

  /// Puts a plan together.
  public init(
    location: String, names: BuildNames, tags: BuildTags, network: Network, machine: MachineSpec
  ) {
    self.location = location
    self.names = names
    self.tags = tags
    self.network = network
    self.machine = machine
  }

  /// The resources, each after those that it needs; for a validation VM, those that the build has
  /// not made already.
  public var resources: [PlannedResource] {
    guard names.role == .validation else { return all }
    let own = [names.address, names.card, names.machine]
    return all.filter { own.contains($0.id) }.map { resource in
      PlannedResource(
        id: resource.id, body: resource.body, needs: resource.needs.filter(own.contains),
        alsoMakes: resource.alsoMakes)
    }
  }

  private var all: [PlannedResource] {
    var all: [PlannedResource] = []
    if names.group == .own { all.append(resource(names.groupID, [:])) }
    let group = names.group == .own ? [names.groupID] : []
    var cardNeeds = group
    if case .made(let range, let port) = network {
      all += [
        resource(names.guardGroup, ["properties": rules(range, port)], needs: group),
        resource(names.address, addressBody, needs: group),
        resource(names.network, networkBody, needs: group + [names.guardGroup]),
      ]
      cardNeeds += [names.network, names.address]
    }
    all.append(resource(names.card, ["properties": cardProperties], needs: cardNeeds))
    all.append(
      resource(
        names.machine, machineBody, needs: group + [names.card], alsoMakes: [names.disk]))
    return all
  }

  private func resource(
    _ id: ResourceID, _ body: JSON, needs: [ResourceID] = [], alsoMakes: [ResourceID] = []
  ) -> PlannedResource {
    var body = body
    body["location"] = .string(location)
    body["tags"] = JSON(tags.temporary)
    return PlannedResource(id: id, body: body, needs: needs, alsoMakes: alsoMakes)
  }
}

// MARK: Networks

extension StagingPlan {
  private func rules(_ range: String, _ port: Int) -> JSON {
    [
      "securityRules": [
        [
          "name": "kiln",
          "properties": [
            "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
            "sourceAddressPrefix": .string(range), "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": .string("\(port)"),
          ],
        ]
      ]
    ]
  }

  private var addressBody: JSON {
    ["sku": ["name": "Standard"], "properties": ["publicIPAllocationMethod": "Static"]]
  }

  /// The machine has a way out by its own address, and so the subnet needs none.
  private var networkBody: JSON {
    [
      "properties": [
        "addressSpace": ["addressPrefixes": ["10.0.0.0/24"]],
        "subnets": [
          [
            "name": "build",
            "properties": [
              "addressPrefix": "10.0.0.0/24", "defaultOutboundAccess": false,
              "networkSecurityGroup": ["id": .string(names.guardGroup.text)],
            ],
          ]
        ],
      ]
    ]
  }

  private var cardProperties: JSON {
    var properties: JSON = ["privateIPAllocationMethod": "Dynamic"]
    switch network {
    case .made:
      properties["subnet"] = ["id": .string(names.subnet.text)]
      properties["publicIPAddress"] = ["id": .string(names.address.text)]
    case .subnet(let id): properties["subnet"] = ["id": .string(id.text)]
    }
    return ["ipConfigurations": [["name": "build", "properties": properties]]]
  }
}
