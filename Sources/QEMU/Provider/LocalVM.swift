internal import Disks
internal import Foundation
internal import Glibc
internal import Guests
internal import Layers
internal import Pipeline
internal import SystemPackage

/// One VM of a run, from its overlay to its end.
actor LocalVM: BuildVM, LentVM {
  /// The user that steps run as, as in AIB (`aib.md` c.1).
  static let user = "packer"
  /// How long a VM may take to power off once it was told to.
  private static let powerOffLimit = Duration.seconds(300)
  /// How many lines of the console are shown when something went wrong.
  private static let tail = 12

  nonisolated let name: String
  let setup: QEMUProvider.Setup
  let place: VMPlace
  let origin: VMOrigin
  let disks: DiskTool
  let events: any EventSink
  private(set) var machine: VirtualMachine?
  private var keys: Keys?
  /// An agent listens in the machine, which is cut off from its network until that was greeted.
  var listens = false
  /// The disk that the machine writes to.
  private var disk: String
  private var staying = false
  /// What comes when another machine is in the place of one that is being put back.
  private var change: Latch<Void>?

  /// How a VM's scope ended.
  enum End { case gone, kept }

  /// The public keys of the build user and of the guest.
  struct Keys: Sendable, Codable {
    let client: String
    let host: String
  }

  init(
    _ setup: QEMUProvider.Setup, _ place: VMPlace, _ origin: VMOrigin, disks: DiskTool,
    _ events: any EventSink
  ) {
    name = place.vmName
    self.setup = setup
    self.place = place
    self.origin = origin
    self.disks = disks
    self.events = events
    disk = place.disk
  }

  /// Makes all that the VM needs and starts it, as soon as `proof` has returned, too.
  func start(
    as beginning: VMBeginning = .own, proof: @escaping @Sendable () async throws -> Void = {}
  ) async throws {
    do {
      try makeDirectory()
      let disk = try await makeDisk(beginning)
      let keys = try await makeKeys(beginning, for: disk)
      var spec = VMSpec(
        name: name, directory: place.directory, disk: disk,
        dataDisks: try await makeDataDisks(beginning),
        firmware: VMSpec.Firmware(for: setup.source.firmware),
        architecture: setup.source.architecture,
        cpus: setup.cpus, memory: setup.memory, seed: place.seed,
        keptMemory: try beginning.memory())
      spec.hasAgentPort = beginning.mayBeKept
      listens = try beginning.hasListener()
      spec.holdsNetwork = listens
      self.keys = keys
      self.disk = disk.path
      machine = try await VirtualMachine.start(
        spec, accelerator: setup.accelerator, proof: proof)
      try writeLogin()
    } catch let error as QEMUError {
      throw MachineError(.unavailable, error.description, hint: error.hint)
    } catch let error as DiskError {
      throw MachineError(.unavailable, error.description, hint: error.hint)
    }
  }

  /// Goes on with a machine that an earlier run had kept.
  func takeUp(_ kept: KeptMachine) async throws {
    try kept.move(to: place)
    do {
      machine = try await VirtualMachine.takeUp(kept.spec(setup, at: place))
    } catch {
      kept.moveBack(from: place)
      guard let error = error as? QEMUError else { throw error }
      throw MachineError(
        .unavailable, error.description, hint: "`kiln gc --kept` removes it; resume again then")
    }
    (keys, disk) = (kept.record.keys, diskPaths[0])
    try writeLogin()
  }

  private func writeLogin() throws {
    guard let machine else { return }
    try VMLogin(
      port: machine.guestPort, user: Self.user, identity: place.key, knownHosts: place.knownHosts
    ).write(in: place.directory)
  }

  /// Reaches the guest, which accepts no host key but the one that it was given.
  func connect(report: @escaping GuestReport) async throws -> any Guest {
    try await reach(report)
  }

  /// Waits until the machine is of no use, and throws why; returns where it powered off as it was
  /// asked to.
  func failure() async throws {
    guard let machine = try await watched() else { return }
    let failure = try await machine.waitForFailure()
    if change != nil || machine !== self.machine { return try await self.failure() }
    if case .ended(.poweredOff) = failure {
      if proof != nil { return }
      tellConsole()
      throw MachineError(
        .died, "the virtual machine switched itself off before its steps had ended",
        hint: "no customizer may power the machine off; a restart is `reboot`")
    }
    tellConsole()
    // Halted, it answers nobody: whoever works in it must learn at once that it is gone.
    try await machine.kill()
    throw MachineError(.died, failure.description, hint: failure.hint)
  }

  /// The machine that runs, or the one that takes its place.
  private func watched() async throws -> VirtualMachine? {
    while let change { try await change.get() }
    return machine
  }

  func capture() async throws -> CapturedDisk {
    guard let machine else { throw MachineError(.unavailable, "\(name) was not started") }
    let start = ContinuousClock.now
    let exit: VMExit
    do {
      exit = try await withDeadline(Self.powerOffLimit, for: "the virtual machine to power off") {
        try await machine.waitForExit()
      }
    } catch let error as DeadlineExceeded {
      tellConsole()
      throw MachineError(
        .notGeneralized, "could not capture the image: \(error)",
        hint: "something in the guest holds its shutdown up; see the console's log")
    }
    guard exit == .poweredOff else {
      throw MachineError(.died, "the virtual machine ended: \(exit)")
    }
    events.receive(.poweredOff(machine: name, after: ContinuousClock.now - start))
    switch proof {
    case "": return CapturedDisk(disk)
    case let left?:
      throw MachineError(
        .notGeneralized, "could not generalize the image: it still has\(left)",
        hint: "see what the deprovision script and the customizers do with it")
    case nil:
      throw MachineError(
        .notGeneralized, "could not prove that the image is generalized: the console does not say",
        hint: "the source image must have a serial console; see \(place.keptConsole)")
    }
  }

  /// What root said on the console of what is left: nothing, or a list; `nil` where it said
  /// nothing.
  private var proof: String? {
    guard let log = FileManager.default.contents(atPath: place.console) else { return nil }
    return RetirementProof(run: place.run.run.text).left(in: String(decoding: log, as: UTF8.self))
  }

  func keep() -> [String] { keep(lyingOn: []) }

  /// Lets the machine stay, which lies on layers in these directories.
  func keep(lyingOn layers: [String]) -> [String] {
    guard let machine, !machine.hasEnded else { return [] }
    staying = true
    var notes = [
      "the virtual machine was kept: `kiln ssh \(place.run.run.text)` opens a shell in it, "
        + "`kiln gc --kept` removes it"
    ]
    do {
      guard origin == .source, let keys else { return notes }
      try KeptMachine.Record(
        shape: setup.shape, name: machine.spec.name, disks: [disk] + diskPaths.dropFirst(),
        layers: layers, keys: keys
      ).write(in: place.directory)
    } catch {
      notes.append("`kiln resume` can't go on in it: \(error)")
    }
    return notes
  }

  /// Ends the VM and removes its files, unless it was kept.
  func end() async throws -> End {
    if staying, let machine {
      await machine.release()
      return .kept
    }
    try await machine?.kill()
    try VMPlace.removeFiles(place.directory)
    return .gone
  }

  /// The disks of the machine that was started, in order.
  var diskPaths: [String] {
    guard let spec = machine?.spec else { return [] }
    return ([spec.disk] + spec.dataDisks).map(\.path)
  }

  /// Ends a machine that could not go on from a kept state, and takes away what it was made of.
  func startOver(removing layer: OpenLayer) async throws {
    try await machine?.kill()
    machine = nil
    try VMPlace.removeFiles(place.directory)
    try layer.clear()
  }

  /// Ends the machine, and starts another in its place.
  func restart(as beginning: VMBeginning, over layer: OpenLayer) async throws {
    let change = Latch<Void>()
    self.change = change
    defer {
      self.change = nil
      change.set(())
    }
    try await startOver(removing: layer)
    try await start(as: beginning)
  }

  /// Notes that the machine writes to another disk from now on.
  func move(to disk: String) { self.disk = disk }

  /// The public keys, once the machine has started.
  var publicKeys: Keys? { keys }

  func tellConsole() {
    guard let lines = machine?.consoleTail(lines: Self.tail), !lines.isEmpty else { return }
    events.receive(.note("the last lines of the console:"))
    for line in lines { events.receive(.note("    \(line)")) }
  }
}

extension VMFailure {
  /// What to do next, where there is something.
  fileprivate var hint: String? {
    switch self {
    case .diskFailed(let failure) where failure.hostIsFull:
      "free some disk space, or have the state on another file system (XDG_STATE_HOME)"
    default: nil
    }
  }
}
