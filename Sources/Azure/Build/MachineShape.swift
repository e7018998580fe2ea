public import Pipeline
public import Template

/// What a build VM is, but for the keys that are made for each.
public struct MachineShape: Sendable, Hashable {
  /// Its size, as in `Standard_D2s_v5`.
  public var size: String
  /// What its disk starts as.
  public var origin: MachineSpec.Origin
  /// How large its disk is.
  public var diskSize: VMProfile.DiskSize
  /// Ids of the identities that it has.
  public var identities: [String]
  /// How it is protected.
  public var security: MachineSpec.Security
  /// How it is paid for.
  public var priority: MachineSpec.Priority
  /// What system it runs.
  public var system: GuestSystem

  /// The user that steps run as, as in AIB (`aib.md` c.1).
  static let user = "packer"

  /// Describes a machine.
  public init(
    size: String, origin: MachineSpec.Origin, diskSize: VMProfile.DiskSize = .source,
    identities: [String] = [], security: MachineSpec.Security = .standard,
    priority: MachineSpec.Priority = .regular, system: GuestSystem = .posix
  ) {
    self.size = size
    self.origin = origin
    self.diskSize = diskSize
    self.identities = identities
    self.security = security
    self.priority = priority
    self.system = system
  }

  /// The plan that was bought with the source, where there is one: images of it need it, too.
  var plan: PurchasePlan? {
    switch origin {
    case .platform(let image): image.plan
    case .image(_, let plan): plan
    }
  }

  /// The machine with its account; `other` is what it starts from in place of the source.
  func machine(
    from other: MachineSpec.Origin?, account: MachineSpec.Account
  ) -> MachineSpec {
    MachineSpec(
      size: size, origin: other ?? origin, diskSize: other == nil ? diskSize : .source,
      identities: identities, security: security, priority: priority, user: Self.user,
      account: account)
  }
}
