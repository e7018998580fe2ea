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
  private let vm: LocalVM
  private let place: VMPlace
  private let keeping: StateKeeping
  private let plan: Plan
  private let disks: DiskTool
  private let events: any EventSink

  /// How many steps the state holds that the VM began as.
  private(set) var stepsDone = 0
  private var guest: SSHGuest?
  /// The run's directory on the guest, of the run that kept the state that the VM began as.
  private var earlier: String?
  /// The key of the state that the VM was in before the step that runs; `nil` once no more states
  /// are kept.
  private var key: StepKey?
  /// The layer that the VM writes to, the one that it lies on, and all that must stay meanwhile.
  private var current: OpenLayer?
  private var parent: String?
  private var held: [OpenLayer] = []
  private var origin: LayerUse?
  private var sizes: [Int] = []
  private var snapshots = 0
  /// What the machine need not wait for: the rest of keeping a state, and the place for the next.
  private let backlog = Backlog()
  private var unfinished: Latch<Void>?
  private var next: Next?

  /// The layer that the machine will write to when its state is kept, and the overlays in it.
  private struct Next {
    let layer: OpenLayer
    let overlays: [String]
  }

  init(
    _ vm: LocalVM, _ place: VMPlace, _ keeping: StateKeeping, _ plan: Plan, disks: DiskTool,
    _ events: any EventSink
  ) {
    name = vm.name
    self.vm = vm
    self.place = place
    self.keeping = keeping
    self.plan = plan
    self.disks = disks
    self.events = events
  }

  /// Starts the VM as the kept state after as many steps as possible, or from the source.
  func start(from root: StateRoot) async throws {
    let keys = try [root.key()] + StepKey.keys(of: plan.steps, from: root)
    let moments = [StateMoment.beginning] + plan.steps.map(StateMoment.init(after:))
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
    try await backlog.emptied(during: body)
  }

  /// Whether there is such a state and it can be gone on from.
  ///
  /// One that is damaged is forgotten.
  private func begin(as key: StepKey, on open: OpenLayer) async throws -> Bool {
    do {
      guard let use = try await keeping.store.use(key.digest) else { return false }
      try await vm.start(as: .state(use.layer, open))
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
    earlier = use.layer.manifest.details[StateDetail.guestDirectory]
  }

  private func makeReady() async throws {
    for path in await vm.diskPaths {
      let image = DiskImage(FilePath(path), format: .qcow2)
      sizes.append(try await disks.info(image).virtualSize)
    }
    unfinished = backlog.add { await self.prepareNext() }
  }

  func connect(report: @escaping GuestReport) async throws -> any Guest {
    let guest = try await vm.reach(report)
    if let earlier { try await guest.adopt(earlier, report: report) }
    earlier = nil
    self.guest = guest
    return guest
  }

  func capture() async throws -> CapturedDisk { try await vm.capture() }

  func keep() async -> [String] {
    let below = origin?.chain.map { $0.directory.string } ?? []
    return await vm.keep(
      lyingOn: below + (held + [current].compactMap(\.self)).map(\.directory.string))
  }

  func keepNoMore() { key = nil }

  func rewind(report: @escaping GuestReport) async throws -> Rewound {
    try await unfinished?.get()
    guard let key, let open = current else {
      return .asItIs(because: "the state of \(name) before it was not kept")
    }
    let use: LayerUse
    do {
      guard let found = try await keeping.store.use(key.digest) else {
        return .asItIs(because: "the state of \(name) before it is not kept any more")
      }
      use = found
    } catch let error as LayerError {
      return .asItIs(because: "\(error)")
    }
    try await vm.restart(as: .state(use.layer, open), over: open)
    await guest?.abandon()
    goOn(from: use)
    snapshots = 0
    return .asBefore(try await connect(report: report))
  }

  /// Lets go of the layers, once the VM is gone, and keeps the store to its size.
  func letGo() async throws {
    (current, next, origin, held) = (nil, nil, nil, [])
    _ = try await keeping.store.prune(to: keeping.limit)
  }

  func keepState(after step: Step) async throws {
    try await unfinished?.get()
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
    try await unfinished?.get()
    if let key, !place.wasVisited { try await keep(.beginning, as: key) }
  }

  private func keep(_ moment: StateMoment, as key: StepKey) async throws {
    self.key = key
    do {
      try await write(moment, as: key)
    } catch  where !(error is CancellationError) {
      giveUp(moment, error)
    }
  }

  private func giveUp(_ moment: StateMoment, _ error: any Error) {
    key = nil
    // A machine that has ended meanwhile is told by whoever watches it.
    events.receive(.warning("the state \(moment) is not kept, nor later ones: \(error)"))
  }
}

// MARK: Keeping a state

extension KeptVM {
  private static let doneLimit = Duration.seconds(300)

  private func write(_ moment: StateMoment, as key: StepKey) async throws {
    guard let machine = await vm.machine, let guest, let layer = current else { return }
    let rivalry: LayerRivalry = keeping.reuse.covers(moment) ? .firstWins : .replace
    if rivalry == .firstWins, try await keeping.store.has(key.digest) { return }
    let start = ContinuousClock.now
    let next: Next
    if let ready = self.next { next = ready } else { next = try await makeNext(on: layer) }
    try layer.takeKeys(from: place)
    if keeping.form == .disk { try await guest.pack { _ in } }
    let memory = keeping.form == .live ? try MemoryFile(in: place, for: layer) : nil
    snapshots += 1
    var moved = false
    do {
      try await machine.snapshot(
        memory.map { .memory(to: $0.command) } ?? .disks, number: snapshots, overlays: next.overlays
      ) { moved = true }
    } catch {
      if moved { await move(to: next.layer, over: layer) }
      let cause = memory?.cause(of: error) ?? error
      memory?.remove()
      throw cause
    }
    await move(to: next.layer, over: layer)
    if keeping.form == .disk { try await guest.unpack { _ in } }
    let manifest = await manifest(key, moment, guest)
    parent = layer.id
    let pause = ContinuousClock.now - start
    unfinished = backlog.add {
      await self.finish(layer, memory, manifest, rivalry, moment, pause)
      await self.prepareNext()
    }
  }

  /// Does what needs no halted machine.
  private func finish(
    _ layer: OpenLayer, _ memory: MemoryFile?, _ manifest: LayerManifest, _ rivalry: LayerRivalry,
    _ moment: StateMoment, _ pause: Duration
  ) async {
    do {
      try await memory?.finish(within: Self.doneLimit)
      _ = try await keeping.store.keep(layer, as: manifest, rivalry)
      events.receive(.stateKept(step: moment.number, after: pause))
    } catch is CancellationError {
      key = nil
    } catch {
      let cause = memory?.cause(of: error) ?? error
      memory?.remove()
      giveUp(moment, cause)
    }
  }

  /// Makes the next layer beforehand; where that fails, it is tried again when it is needed, and told
  /// then.
  private func prepareNext() async {
    guard key != nil, let current else { return }
    next = try? await makeNext(on: current)
  }

  private func makeNext(on layer: OpenLayer) async throws -> Next {
    let open = try await keeping.store.begin()
    return Next(layer: open, overlays: try await makeOverlays(in: open, on: layer))
  }

  private func makeOverlays(
    in next: OpenLayer, on layer: OpenLayer
  ) async throws -> [String] {
    var paths: [String] = []
    for (number, size) in sizes.enumerated() {
      let path = next.file(LayerFile.disk(number))
      let base = DiskImage(FilePath(layer.file(LayerFile.disk(number))), format: .qcow2)
      _ = try await disks.createOverlay(at: FilePath(path), onOpen: base, size: size)
      paths.append(path)
    }
    return paths
  }

  private func move(to next: OpenLayer, over layer: OpenLayer) async {
    held.append(layer)
    current = next
    self.next = nil
    await vm.move(to: next.file(LayerFile.disk(0)))
  }

  private func manifest(
    _ key: StepKey, _ moment: StateMoment, _ guest: SSHGuest
  ) async -> LayerManifest {
    let keys = await vm.publicKeys
    return LayerManifest(
      key: key.digest, parent: parent, form: keeping.form.rawValue,
      step: "\(moment.number). \(moment.title)", template: plan.template,
      run: place.run.run.text, made: Int(Date().timeIntervalSince1970),
      details: [
        StateDetail.clientKey: keys?.client ?? "", StateDetail.hostKey: keys?.host ?? "",
        StateDetail.guestDirectory: guest.facts.directory,
      ])
  }
}
