public import Disks
public import Pipeline

/// Gives VMs on this machine: each has an overlay on the source, a cloud-init seed with keys made
/// for it, and a directory of its own, and is gone with all of them when its scope ends.
public struct QEMUProvider: VMProvider {
  /// What the VMs of one run have in common.
  public struct Setup: Sendable {
    /// The disk that they start from.
    public var source: BaseDisk
    /// How many processors they have.
    public var cpus: Int
    /// Their memory, in MiB.
    public var memory: Int
    /// How large their disk is.
    public var diskSize: DiskTool.OverlaySize
    /// Empty data disks, in GiB each.
    public var dataDisks: [Int]
    /// How QEMU runs their code.
    public var accelerator: Accelerator
    /// How long they may take until they are reached, or stay out of reach: 20 minutes, as in AIB
    /// (`aib.md` c.1).
    public var sshTimeout: Duration
    /// What runs in them.
    public var guest = Guest.linux

    /// What runs in a VM, and how it is reached.
    public enum Guest: Sendable {
      /// Linux with cloud-init, reached over SSH by keys that are made for it.
      case linux
      /// A Windows of the user's own.
      case windows(WindowsAccess)
    }

    /// Puts a setup together.
    public init(
      source: BaseDisk, cpus: Int, memory: Int, diskSize: DiskTool.OverlaySize,
      dataDisks: [Int], accelerator: Accelerator, sshTimeout: Duration
    ) {
      self.source = source
      self.cpus = cpus
      self.memory = memory
      self.diskSize = diskSize
      self.dataDisks = dataDisks
      self.accelerator = accelerator
      self.sshTimeout = sshTimeout
    }
  }

  /// What the VMs are like.
  public let setup: Setup
  /// The run that they belong to, whose directory holds theirs.
  public let run: RunDirectory
  /// Where they are noted before they are made, and again when they are gone.
  public let journal: Journal
  /// Who is told what happens.
  public let events: any EventSink
  /// What makes their disks.
  public let disks: DiskTool

  /// How long ending a VM and removing its files may take.
  private static let releaseLimit = Duration.seconds(60)

  /// Puts a provider together.
  public init(
    _ setup: Setup, run: RunDirectory, journal: Journal, events: any EventSink, disks: DiskTool
  ) {
    self.setup = setup
    self.run = run
    self.journal = journal
    self.events = events
    self.disks = disks
  }

  /// Runs `body` with a VM, and takes the VM away after it unless it was kept.
  /// - Throws: what `body` throws; ``MachineError`` where the VM could not be started or went down
  ///   by itself meanwhile.
  public func withVM<Result: Sendable>(
    from origin: VMOrigin, for plan: Plan,
    _ body: @escaping @Sendable (any BuildVM) async throws -> Result
  ) async throws -> Result {
    let place = VMPlace(run, origin)
    if case .windows(let access) = setup.guest {
      let vm = WindowsVM(setup, access, place, origin, disks: disks, events)
      return try await lend(vm, at: place) {
        try await vm.start()
      } after: {
        // Its files are gone with its directory.
      } _: {
        try await body(vm)
      }
    }
    let vm = LocalVM(setup, place, origin, disks: disks, events)
    return try await lend(vm, at: place) {
      try await vm.start()
    } after: {
      // Its files are gone with its directory.
    } _: {
      try await body(vm)
    }
  }

  /// Starts a VM by `start`, runs `body`, and takes the VM away; `after` is called when it is gone.
  func lend<Result: Sendable>(
    _ vm: some LentVM, at place: VMPlace,
    starting start: @escaping @Sendable () async throws -> Void,
    after: @escaping @Sendable () async throws -> Void,
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let resource = Resource.vm(directory: place.directory)
    try await journal.intend(resource)
    return try await withResource(
      { vm },
      release: { vm in
        do {
          switch try await vm.end() {
          case .gone: try await journal.gone(resource)
          case .kept: try await journal.keep(resource)
          }
        } catch {
          events.receive(.warning("\(error); `kiln gc` does it"))
        }
        try await after()
      },
      limit: Self.releaseLimit, for: "the virtual machine to be removed"
    ) { vm in
      try await start()
      return try await Self.watching(vm, body)
    }
  }

  /// Runs `body`, and ends it as soon as the machine is of no use any more.
  private static func watching<Result: Sendable>(
    _ vm: some LentVM, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
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

/// A VM that is watched while it is lent, and taken away after.
protocol LentVM: Actor {
  /// Waits until the machine is of no use, and throws why; returns where it powered off as it was
  /// asked to.
  func failure() async throws
  /// Ends the VM and removes its files, unless it was kept.
  func end() async throws -> LocalVM.End
}
