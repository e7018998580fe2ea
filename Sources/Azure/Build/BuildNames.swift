public import Pipeline
public import Template

/// What a run's resources in Azure are called: all names come from the run's, so that each request
/// can be sent twice, and whoever finds a resource knows the run.
public struct BuildNames: Sendable, Hashable {
  /// The subscription's id.
  public let subscription: String
  /// The resource group of the build's resources.
  public let group: StagingGroup
  /// The run.
  public let run: RunID
  /// Which of the run's machines.
  public let role: Role

  /// The machines of a run; they have the network and the resource group in common.
  public enum Role: String, Sendable, Hashable {
    /// The one that is baked.
    case build
    /// The one that is made of the image, to validate it.
    case validation
  }

  /// Names for the resources of a run.
  public init(subscription: String, group: StagingGroup, run: RunID, role: Role = .build) {
    self.subscription = subscription
    self.group = group
    self.run = run
    self.role = role
  }

  /// The same for another machine of the run.
  public func of(_ role: Role) -> BuildNames {
    BuildNames(subscription: subscription, group: group, run: run, role: role)
  }

  /// The resource group that the build's resources are in.
  public var groupID: ResourceID {
    switch group {
    case .own: id("/subscriptions/\(subscription)/resourceGroups/\(base)")
    case .given(let id): id
    }
  }

  /// The VM.
  public var machine: ResourceID { id(in: "Microsoft.Compute/virtualMachines", own) }
  /// Its disk.
  public var disk: ResourceID { id(in: "Microsoft.Compute/disks", "\(own)-os") }
  /// Its network card.
  public var card: ResourceID { id(in: "Microsoft.Network/networkInterfaces", "\(own)-nic") }
  /// Its address.
  public var address: ResourceID { id(in: "Microsoft.Network/publicIPAddresses", "\(own)-ip") }
  /// The network that is made for it.
  public var network: ResourceID { id(in: "Microsoft.Network/virtualNetworks", "\(base)-net") }
  /// The subnet in that.
  public var subnet: ResourceID { id("\(network)/subnets/build") }
  /// What guards that subnet.
  public var guardGroup: ResourceID {
    id(in: "Microsoft.Network/networkSecurityGroups", "\(base)-nsg")
  }
  /// The image that the validation VM is made of.
  public var image: ResourceID { id(in: "Microsoft.Compute/images", "\(base)-image") }
  /// The storage account for a VHD that names no place: 3 to 24 lower-case letters and digits.
  public var account: ResourceID {
    let letters = run.text.filter { $0 != "-" }
    return id(in: "Microsoft.Storage/storageAccounts", "kiln\(letters)")
  }

  /// The VM's name, without what it is in.
  var machineName: String { own }

  /// The machine's name for itself: at most 15 characters, as Windows has it.
  public var computerName: String { "kiln-\(run.text.suffix(4))" }

  private var base: String { "kiln-\(run.text)" }
  /// The names of what each machine has for itself.
  private var own: String { role == .build ? base : "\(base)-\(role.rawValue)" }

  private func id(in kind: String, _ name: String) -> ResourceID {
    id("\(groupID)/providers/\(kind)/\(name)")
  }

  /// All names hold letters, digits and dashes alone, so that each is an id.
  private func id(_ text: String) -> ResourceID { ResourceID(text) ?? groupID }
}

/// The resource group of the build's resources.
public enum StagingGroup: Sendable, Hashable {
  /// One that the build makes and removes.
  case own
  /// One that is there and stays: only what the build made in it is removed.
  case given(ResourceID)
}

/// The tags of what a run makes in Azure.
public struct BuildTags: Sendable, Hashable {
  /// The tag that names the run; it stays on run outputs, to tell where they are from.
  public static let run = "kiln-run"
  /// The tag that says when the resource may be removed by anybody: it is on what a build removes
  /// itself, and on a run output until that is whole.
  public static let expires = "kiln-expires"

  /// The tags of what the build removes.
  public let temporary: [String: String]
  /// The tags of what stays.
  public let lasting: [String: String]

  /// Tags for a run; `own` are those that the template asks for.
  public init(run: RunID, expires: Timestamp, own: [String: String]) {
    lasting = own.merging([Self.run: run.text]) { _, ours in ours }
    temporary = lasting.merging([Self.expires: "\(expires)"]) { _, ours in ours }
  }
}
