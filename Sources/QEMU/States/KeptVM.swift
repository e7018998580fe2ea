internal import Digests
internal import Disks
internal import Foundation
internal import Guests
internal import Layers
internal import Pipeline
internal import SystemPackage

/// A VM of a run whose state is kept after its steps, and which may have begun as a kept state.
actor KeptVM: StatefulVM {
  nonisolated let name: String
  let vm: LocalVM
  let place: VMPlace
  let keeping: StateKeeping
  let plan: Plan
  /// In MiB.
  let memory: Int
  let disks: DiskTool
  let events: any EventSink

  /// How many steps the state holds that the VM began as.
  private(set) var stepsDone = 0
  var guest: SSHGuest?
  /// The run's directory on the guest, of the run that kept the state that the VM began as.
  private var earlier: String?
  /// The key of the state that the VM was in before the step that runs; `nil` once no more states
  /// are kept.
  var key: StepKey?
  /// The layer that the VM writes to, the one that it lies on, and all that must stay meanwhile.
  var current: OpenLayer?
  var parent: String?
  var held: [OpenLayer] = []
  private var origin: LayerUse?
  var sizes: [Int] = []
  var snapshots = 0
  /// What the machine need not wait for: the place for the next state, and the rest of keeping those
  /// that are written.
  let preparing = Backlog()
  let finishing = Backlog()
  var prepared: Latch<Void>?
  var unfinished: [Latch<Void>] = []
  /// The memory of the state that was kept last, or that the VM began as: most of the next is in it.
  var last: LastMemory?
  /// After how many steps the last state of all is kept.
  private(set) var lastMoment = 0
  /// Where memory is written to before it is kept, with no key and gone with this.
  private var scratch: OpenLayer?
  /// A state was not kept to its end, so that those that lie on it can't be.
  var isBroken = false
  var next: Next?

  /// The layer that the machine will write to when its state is kept, and the overlays in it.
  struct Next {
    let layer: OpenLayer
    let overlays: [String]
  }

  init(
    _ vm: LocalVM, _ place: VMPlace, _ keeping: StateKeeping, _ plan: Plan, memory: Int,
    disks: DiskTool, _ events: any EventSink
  ) {
    name = vm.name
    self.vm = vm
    self.place = place
    self.keeping = keeping
    self.plan = plan
    self.memory = memory
    self.disks = disks
    self.events = events
  }

  /// Starts the VM as the kept state after as many steps as possible, or from the source.
  func start(from root: StateRoot) async throws {
    let keys = try [root.key()] + StepKey.keys(of: plan.steps, from: root)
    let moments = [StateMoment.beginning] + plan.steps.map(StateMoment.init(after:))
    lastMoment = moments.prefix(keys.count).last?.number ?? 0
    let reusable = moments.prefix(keys.count).prefix { keeping.reuse.covers($0) }.count
    let open = try await keeping.store.begin()
    current = open
    for count in (0..<reusable).reversed() {
      if try await begin(as: keys[count], on: open) {
        stepsDone = count
        key = keys[count]
        return try await makeReady()
      }
    }
    try await vm.start(as: .layer(open))
    key = try root.key()
    try await makeReady()
  }

  /// Runs `body`; when this returns, all states are kept that are to be.
  nonisolated func whole<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await finishing.emptied { try await self.preparing.emptied(during: body) }
  }

  /// Whether there is such a state and it can be gone on from.
  ///
  /// One that is damaged is forgotten.
  private func begin(as key: StepKey, on open: OpenLayer) async throws -> Bool {
    do {
      guard let use = try await keeping.store.use(key.digest) else { return false }
      try await vm.start(as: .state(use, open)) { try await use.verifyAll() }
      goOn(from: use)
      return true
    } catch let error as LayerError where error.reason == .inUse {
      return false
    } catch  where error is LayerError || error is MachineError {
      events.receive(.warning("\(error); the state is forgotten, and its steps run again"))
      try await keeping.store.discard(key.digest.hex)
      try await vm.startOver(removing: open)
      return false
    }
  }

  /// Notes what the machine lies on that was started as a kept state.
  private func goOn(from use: LayerUse) {
    origin = use
    parent = use.layer.id
    last = use.memory.map { LastMemory(kept: $0) }
    earlier = use.layer.manifest.details[StateDetail.guestDirectory]
  }

  private func makeReady() async throws {
    for path in await vm.diskPaths {
      let image = DiskImage(FilePath(path), format: .qcow2)
      sizes.append(try await disks.info(image).virtualSize)
    }
    prepared = preparing.add { await self.prepareNext() }
  }

  func connect(report: @escaping GuestReport) async throws -> any Guest {
    let guest = try await vm.reach(report)
    if let earlier {
      try await guest.adopt(
        earlier, before: plan.steps.dropFirst(stepsDone).map(\.id), report: report)
    }
    earlier = nil
    self.guest = guest
    return guest
  }

  /// The file that the memory of a layer is written to.
  func memoryFile(for layer: OpenLayer) async throws -> MemoryFile {
    let scratch: OpenLayer
    if let made = self.scratch { scratch = made } else { scratch = try await keeping.store.begin() }
    self.scratch = scratch
    return MemoryFile(at: scratch.file("memory-\(layer.id)"), for: layer)
  }

  func capture() async throws -> CapturedDisk { try await vm.capture() }

  func keep() async -> [String] {
    let below = origin?.chain.map { $0.directory.string } ?? []
    return await vm.keep(
      lyingOn: below + (held + [current].compactMap(\.self)).map(\.directory.string))
  }

  func keepNoMore() { key = nil }

  func rewind(report: @escaping GuestReport) async throws -> Rewound {
    try await awaitFinished()
    guard let key, let open = current else {
      return .asItIs(because: "the state of \(name) before it was not kept")
    }
    let use: LayerUse
    do {
      guard let found = try await keeping.store.use(key.digest) else {
        return .asItIs(because: "the state of \(name) before it is not kept any more")
      }
      // The machine is given up only for a state that is right.
      try await found.verifyAll()
      use = found
    } catch let error as LayerError {
      return .asItIs(because: "\(error)")
    }
    try await vm.restart(as: .state(use, open), over: open)
    await guest?.abandon()
    last?.removePlain()
    goOn(from: use)
    snapshots = 0
    return .asBefore(try await connect(report: report))
  }

  /// Lets go of the layers, once the VM is gone, and keeps the store to its size.
  func letGo() async throws {
    (current, next, origin, held, scratch) = (nil, nil, nil, [], nil)
    _ = try await keeping.store.prune(to: keeping.limit)
  }

  func keepState(after step: Step) async throws {
    guard let before = key, let next = try before.next(after: step) else {
      key = nil
      return
    }
    guard !place.wasVisited else {
      key = nil
      events.receive(
        .note("no more states are kept: somebody was in \(name), and may have changed something"))
      return
    }
    try await keep(StateMoment(after: step), as: next)
  }

  func keepBeginning() async throws {
    if let key, !place.wasVisited { try await keep(.beginning, as: key) }
  }

  private func keep(_ moment: StateMoment, as key: StepKey) async throws {
    self.key = key
    do {
      try await awaitRoom()
      try await prepared?.get()
      guard self.key != nil else { return }
      try await write(moment, as: key)
    } catch  where !(error is CancellationError) {
      giveUp(moment, error)
    }
  }

  func giveUp(_ moment: StateMoment, _ error: any Error) {
    key = nil
    if unfinished.isEmpty { last?.removePlain() }
    // A machine that has ended meanwhile is told by whoever watches it.
    events.receive(.warning("the state \(moment) is not kept, nor later ones: \(error)"))
  }
}
