internal import Disks
internal import Foundation
internal import Glibc
internal import Guests
internal import Pipeline
internal import SSH
internal import SystemPackage

/// One VM of a run, from its overlay to its end.
actor LocalVM: BuildVM {
  /// The user that steps run as, as in AIB (`aib.md` c.1).
  static let user = "packer"
  /// How long a VM may take to power off once it was told to.
  private static let powerOffLimit = Duration.seconds(300)
  /// How many lines of the console are shown when something went wrong.
  private static let tail = 12

  nonisolated let name: String
  private let setup: QEMUProvider.Setup
  private let place: VMPlace
  private let origin: VMOrigin
  private let disks: DiskTool
  private let events: any EventSink
  private var machine: VirtualMachine?
  private var identity: VMIdentity?
  private var staying = false

  /// How a VM's scope ended.
  enum End { case gone, kept }

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
  }

  /// Makes all that the VM needs and starts it.
  func start() async throws {
    do {
      try makeDirectory()
      let identity = try VMIdentity.make(
        in: place.directory, user: Self.user, hostname: "kiln-build", instanceID: name)
      let disk = try await makeDisk()
      let spec = VMSpec(
        name: name, directory: place.directory, disk: disk, dataDisks: try await makeDataDisks(),
        firmware: VMSpec.Firmware(for: setup.source.firmware),
        architecture: setup.source.architecture,
        cpus: setup.cpus, memory: setup.memory, seed: place.seed)
      self.identity = identity
      let machine = try await VirtualMachine.start(spec, accelerator: setup.accelerator)
      self.machine = machine
      try VMLogin(
        port: machine.sshPort, user: Self.user, identity: place.key, knownHosts: place.knownHosts
      ).write(in: place.directory)
    } catch let error as QEMUError {
      throw MachineError(.unavailable, error.description, hint: error.hint)
    } catch let error as DiskError {
      throw MachineError(.unavailable, error.description, hint: error.hint)
    }
  }

  /// Reaches the guest, which accepts no host key but the one that it was given.
  func connect(report: @escaping GuestReport) async throws -> any Guest {
    guard let machine, let identity else {
      throw MachineError(.unavailable, "\(name) was not started")
    }
    var options = SSHOptions()
    options.identities = [place.key]
    options.hostKeyPolicy = .pinned(identity.host.publicKey)
    options.connectTimeout = .seconds(10)
    let target = ResolvedTarget(user: Self.user, host: "127.0.0.1", port: UInt16(machine.sshPort))
    var route = SSHRoute(
      name: "the build VM", run: place.run.run.text, timeout: setup.sshTimeout,
      patience: .untilTimeout
    ) { [options] in
      try await Self.dial(target, options, machine)
    }
    route.publicKey =
      identity.client.publicKey.split(separator: " ").dropFirst().first.map(String.init)
      ?? ""
    do {
      return try await SSHGuest.reach(route, report: report)
    } catch let error as GuestError {
      tellConsole()
      throw error
    }
  }

  /// A connection, or the word that there is nobody to connect to any more; whoever watches the
  /// machine tells why, and ends what waits here.
  private static func dial(
    _ target: ResolvedTarget, _ options: SSHOptions, _ machine: VirtualMachine
  ) async throws -> SSHConnection {
    guard machine.hasEnded else {
      return try await SSHConnection.connect(to: target, options: options)
    }
    try await ContinuousClock().sleep(for: .seconds(1))
    throw GuestError(.gone, "the virtual machine has ended")
  }

  /// Waits until the machine is of no use, and throws why; returns where it powered off as it was
  /// asked to.
  func failure() async throws {
    guard let machine else { return }
    let failure = try await machine.waitForFailure()
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
    case "": return CapturedDisk(place.disk)
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

  func keep() -> [String] {
    guard let machine, !machine.hasEnded else { return [] }
    staying = true
    return [
      "the virtual machine was kept: `kiln ssh \(place.run.run.text)` opens a shell in it, "
        + "`kiln gc --kept` removes it"
    ]
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

  private func tellConsole() {
    guard let lines = machine?.consoleTail(lines: Self.tail), !lines.isEmpty else { return }
    events.receive(.note("the last lines of the console:"))
    for line in lines { events.receive(.note("    \(line)")) }
  }
}

// MARK: What a VM is made of

extension LocalVM {
  private func makeDirectory() throws {
    guard mkdir(place.directory, 0o700) == 0 || errno == EEXIST else {
      throw MachineError(
        .unavailable, "could not make `\(place.directory)`: \(Errno(rawValue: errno))")
    }
  }

  private func makeDisk() async throws -> VMSpec.Disk {
    let base: DiskImage
    let size: DiskTool.OverlaySize
    switch origin {
    case .source: (base, size) = (setup.source.image, setup.diskSize)
    case .image(let disk):
      (base, size) = (DiskImage(FilePath(disk.reference), format: .qcow2), .same)
    }
    _ = try await disks.createOverlay(at: FilePath(place.disk), on: base, size: size)
    return VMSpec.Disk(path: place.disk)
  }

  private func makeDataDisks() async throws -> [VMSpec.Disk] {
    var made: [VMSpec.Disk] = []
    for (index, gigabytes) in setup.dataDisks.enumerated() {
      let path = place.dataDisk(index)
      _ = try await disks.createEmpty(at: FilePath(path), format: .qcow2, size: gigabytes << 30)
      made.append(VMSpec.Disk(path: path))
    }
    return made
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
