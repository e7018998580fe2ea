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
  /// The key of the state that the VM is in; `nil` once no more states are kept.
  private var key: StepKey?
  /// The layer that the VM writes to, the one that it lies on, and all that must stay meanwhile.
  private var current: OpenLayer?
  private var parent: String?
  private var held: [OpenLayer] = []
  private var origin: LayerUse?
  private var sizes: [Int] = []
  private var snapshots = 0

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
    let keys = try StepKey.keys(of: plan.steps, from: root)
    let reusable = plan.steps.prefix(keys.count).prefix { keeping.reuse.covers($0) }.count
    let open = try await keeping.store.begin()
    current = open
    for count in stride(from: reusable, to: 0, by: -1) {
      if try await begin(as: keys[count - 1], on: open) {
        stepsDone = count
        key = keys[count - 1]
        return try await measure()
      }
    }
    try await vm.start(as: .layer(open))
    key = try root.key()
    try await measure()
  }

  /// Whether there is such a state and it can be gone on from.
  ///
  /// One that is damaged is forgotten.
  private func begin(as key: StepKey, on open: OpenLayer) async throws -> Bool {
    do {
      guard let use = try await keeping.store.use(key.digest) else { return false }
      try await vm.start(as: .state(use.layer, open))
      origin = use
      parent = use.layer.id
      earlier = use.layer.manifest.details[StateDetail.guestDirectory]
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

  private func measure() async throws {
    for path in await vm.diskPaths {
      let image = DiskImage(FilePath(path), format: .qcow2)
      sizes.append(try await disks.info(image).virtualSize)
    }
  }

  func connect(report: @escaping GuestReport) async throws -> any Guest {
    let guest = try await vm.reach(report)
    if let earlier { try await guest.adopt(earlier, report: report) }
    earlier = nil
    self.guest = guest
    return guest
  }

  func capture() async throws -> CapturedDisk { try await vm.capture() }

  func keep() async -> [String] { await vm.keep() }

  func keepNoMore() { key = nil }

  /// Lets go of the layers, once the VM is gone, and keeps the store to its size.
  func letGo() async throws {
    (current, origin, held) = (nil, nil, [])
    _ = try await keeping.store.prune(to: keeping.limit)
  }

  func keepState(after step: Step) async throws {
    guard let before = key, let next = try before.next(after: step) else {
      key = nil
      return
    }
    key = next
    do {
      try await keep(as: next, after: step)
    } catch  where !(error is CancellationError) {
      key = nil
      // A machine that has ended meanwhile is told by whoever watches it.
      events.receive(
        .warning(
          "the state after step \(step.outline.number) is not kept, nor later ones: \(error)"))
    }
  }
}

// MARK: Keeping a state

extension KeptVM {
  private static let doneLimit = Duration.seconds(30)

  private func keep(as key: StepKey, after step: Step) async throws {
    guard let machine = await vm.machine, let guest, let layer = current else { return }
    let rivalry: LayerRivalry = keeping.reuse.covers(step) ? .firstWins : .replace
    if rivalry == .firstWins, try await keeping.store.has(key.digest) { return }
    let start = ContinuousClock.now
    let next = try await keeping.store.begin()
    let overlays = try await makeOverlays(in: next, on: layer)
    try prepare(layer)
    if keeping.form == .disk { try await guest.pack { _ in } }
    let memory = keeping.form == .live ? try MemoryFile(in: place, for: layer) : nil
    snapshots += 1
    var moved = false
    do {
      try await machine.snapshot(
        memory.map { .memory(to: $0.command) } ?? .disks, number: snapshots, overlays: overlays
      ) { moved = true }
    } catch {
      if moved { await move(to: next, over: layer) }
      memory?.remove()
      throw error
    }
    await move(to: next, over: layer)
    if keeping.form == .disk { try await guest.unpack { _ in } }
    try await memory?.awaitEnd(within: Self.doneLimit)
    let manifest = await manifest(key, step, guest)
    _ = try await keeping.store.keep(layer, as: manifest, rivalry)
    parent = layer.id
    events.receive(
      .stateKept(step: step.outline.number, after: ContinuousClock.now - start))
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

  /// What a VM needs to begin as this state, beside disks and memory.
  private func prepare(_ layer: OpenLayer) throws {
    try PrivateFile.copy(place.key, to: layer.file(LayerFile.key))
    try PrivateFile.copy(place.seed, to: layer.file(LayerFile.seed))
    let variables = VMFile.variables.path(in: place.directory)
    if FileManager.default.fileExists(atPath: variables) {
      try PrivateFile.copy(variables, to: layer.file(LayerFile.variables))
    }
  }

  private func move(to next: OpenLayer, over layer: OpenLayer) async {
    held.append(layer)
    current = next
    await vm.move(to: next.file(LayerFile.disk(0)))
  }

  private func manifest(
    _ key: StepKey, _ step: Step, _ guest: SSHGuest
  ) async -> LayerManifest {
    let keys = await vm.publicKeys
    return LayerManifest(
      key: key.digest, parent: parent, form: keeping.form.rawValue,
      step: "\(step.outline.number). \(step.outline.title)", template: plan.template,
      run: place.run.run.text, made: Int(Date().timeIntervalSince1970),
      details: [
        StateDetail.clientKey: keys?.client ?? "", StateDetail.hostKey: keys?.host ?? "",
        StateDetail.guestDirectory: guest.facts.directory,
      ])
  }
}

extension StateKeeping.Reuse {
  /// Whether the state after a step may be started from.
  fileprivate func covers(_ step: Step) -> Bool {
    switch self {
    case .all: true
    case .before(let number): step.outline.number < number
    }
  }
}

/// The file that a VM's memory is written to, by a program that QEMU starts in the VM's directory.
private struct MemoryFile {
  private static let look = Duration.milliseconds(10)
  private let link: String
  private let end: String
  private let path: String
  private let program: String

  init(in place: VMPlace, for layer: OpenLayer) throws {
    let compresses = Programs.find("zstd") != nil
    path = layer.file(compresses ? LayerFile.compressedMemory : LayerFile.plainMemory)
    // The fastest that it has: it takes half a second for a quarter of the size.
    program = compresses ? "zstd -q -1 -T2" : "cat"
    link = "\(place.directory)/memory-out"
    end = "\(place.directory)/memory-end"
    for old in [link, end] { try? FileManager.default.removeItem(atPath: old) }
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
  }

  /// It says its exit code last: QEMU does not wait for it.
  var command: String {
    "umask 077; \(program) >memory-out; echo $? >memory-end.new; mv memory-end.new memory-end"
  }

  /// Waits until the program has written all.
  func awaitEnd(within limit: Duration) async throws {
    let deadline = ContinuousClock.now + limit
    while !FileManager.default.fileExists(atPath: end) {
      guard ContinuousClock.now < deadline else {
        throw QEMUError(.noAnswer, "could not write `\(path)`", "it took more than \(limit)")
      }
      try await ContinuousClock().sleep(for: Self.look)
    }
    let code = try String(contentsOfFile: end, encoding: .utf8)
    guard code == "0\n" else {
      throw QEMUError(
        .file, "could not write `\(path)`", "`\(program)` ended with code \(code.prefix(8))",
        hint: "see whether the disk is full")
    }
  }

  /// Gives the room back.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
