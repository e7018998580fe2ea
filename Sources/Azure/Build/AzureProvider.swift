public import Pipeline
internal import Synchronization
internal import Template

/// Gives VMs in Azure: each with keys and an address made for it, and gone with all that was made
/// for it when its scope ends.
public struct AzureProvider: VMProvider {
  /// What the VMs of one build have in common.
  public struct Setup: Sendable {
    /// The clients.
    public var access: AzureAccess
    /// The subscription's id.
    public var subscription: String
    /// Where the build's own resources are.
    public var group: StagingGroup
    /// The region.
    public var location: String
    /// The network that the VMs are in.
    public var network: StagingPlan.Network
    /// What the VMs are, but for their keys.
    public var shape: MachineShape
    /// The generation of their firmware.
    public var generation: OutputPlan.Generation
    /// How long they may take until they are reached, or stay out of reach: 20 minutes, as in AIB
    /// (`aib.md` c.1).
    public var sshTimeout: Duration
    /// Is told of each secret that is made for a VM, so that no log shows it.
    public var learn: @Sendable (Secret) -> Void

    /// Puts a setup together.
    public init(
      access: AzureAccess, subscription: String, group: StagingGroup, location: String,
      network: StagingPlan.Network, shape: MachineShape, generation: OutputPlan.Generation,
      sshTimeout: Duration, learn: @escaping @Sendable (Secret) -> Void = { _ in }
    ) {
      self.access = access
      self.subscription = subscription
      self.group = group
      self.location = location
      self.network = network
      self.shape = shape
      self.generation = generation
      self.sshTimeout = sshTimeout
      self.learn = learn
    }
  }

  /// What the VMs are like.
  public let setup: Setup
  /// The run that they belong to.
  public let run: RunDirectory
  /// Makes and removes resources.
  public let staging: Staging
  /// The tags of what is made.
  public let tags: BuildTags
  /// Who is told what happens.
  public let events: any EventSink
  /// Whether something was kept that the rest must stay for.
  let staying = Staying()

  /// How long the removal of a build's resources may take: a group's takes minutes.
  private static let releaseLimit = Duration.seconds(1800)

  /// Puts a provider together.
  public init(
    _ setup: Setup, run: RunDirectory, journal: Journal, tags: BuildTags, events: any EventSink
  ) {
    self.setup = setup
    self.run = run
    self.tags = tags
    self.events = events
    staging = Staging(setup.access.arm, journal: journal)
  }

  /// What the build's resources are called.
  public var names: BuildNames {
    BuildNames(subscription: setup.subscription, group: setup.group, run: run.run)
  }

  /// Runs `body` with a VM, and takes away after it all that was made for it, unless it was kept.
  /// - Throws: what `body` throws; ``AzureError`` where something could not be made;
  ///   ``MachineError`` where the VM went down by itself meanwhile.
  public func withVM<Result: Sendable>(
    from origin: VMOrigin, for plan: Plan,
    _ body: @escaping @Sendable (any BuildVM) async throws -> Result
  ) async throws -> Result {
    let role: BuildNames.Role = origin == .source ? .build : .validation
    let names = names.of(role)
    let vm = AzureVM(self, names)
    return try await withResource(
      { vm },
      release: { _ in await release(names) },
      limit: Self.releaseLimit, for: "what was made in Azure to be removed"
    ) { vm in
      try await vm.start()
      return try await Self.watching(vm, body)
    }
  }

  /// Takes away what the journal says is left, or keeps it; what can't be removed is told.
  private func release(_ names: BuildNames) async {
    do {
      let left = try run.journal().unfinished
      if names.role == .validation {
        guard !staying.isSet else { return }
        // The network and the group are the build VM's, which goes after this.
        let own = [names.machine, names.disk, names.card, names.address, names.image]
        try await staging.remove(own.map { staging.note($0) }.filter(left.contains))
      } else if staying.isSet {
        try await staging.keep(left)
      } else {
        try await staging.remove(left)
        MachineFiles.remove(run)
      }
    } catch {
      events.receive(.warning("\(error); `kiln gc` removes what is left"))
    }
  }

  /// Runs `body`, and ends it as soon as the machine is of no use any more.
  private static func watching<Result: Sendable>(
    _ vm: AzureVM, _ body: @escaping @Sendable (any BuildVM) async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body(vm) }
      group.addTask {
        try await vm.failure()
        return nil
      }
      defer { group.cancelAll() }
      while let next = try await group.next() {
        if let result = next { return result }
      }
      throw CancellationError()
    }
  }
}

/// Whether a build's resources stay.
final class Staying: Sendable {
  private let flag = Mutex(false)

  var isSet: Bool { flag.withLock { $0 } }
  func set() { flag.withLock { $0 = true } }
}

extension Staging {
  /// Notes that what a journal says is left stays on purpose; leave to read disks does not.
  func keep(_ left: [Resource]) async throws {
    let access = left.filter { if case .azureAccess = $0 { true } else { false } }
    try await remove(access)
    for resource in left where !access.contains(resource) { try await journal.keep(resource) }
  }
}
