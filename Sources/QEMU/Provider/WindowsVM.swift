internal import Disks
internal import Foundation
internal import Glibc
public import Guests
internal import Pipeline
internal import SystemPackage

/// How a Windows that runs in a VM is reached: with credentials of its own, which its disk has
/// already.
public struct WindowsAccess: Sendable {
  /// What disks and the network look like to it: what it has drivers for.
  public var devices: VMSpec.Devices
  /// The port of WinRM in it.
  public var servicePort: Int
  /// Makes the way to it for a run, where `port` of 127.0.0.1 leads to WinRM.
  public var route: @Sendable (_ port: Int, _ run: String) async throws -> WindowsRoute

  /// Puts an access together.
  public init(
    devices: VMSpec.Devices, servicePort: Int,
    route: @escaping @Sendable (_ port: Int, _ run: String) async throws -> WindowsRoute
  ) {
    self.devices = devices
    self.servicePort = servicePort
    self.route = route
  }
}

/// One VM of a run with Windows in it: no cloud-init, no keys, no console.
actor WindowsVM: BuildVM, LentVM {
  /// How long it may take to power off once it was told to: updates may be finished then.
  private static let powerOffLimit = Duration.seconds(1800)

  nonisolated let name: String
  private let setup: QEMUProvider.Setup
  private let access: WindowsAccess
  private let place: VMPlace
  private let origin: VMOrigin
  private let disks: DiskTool
  private let events: any EventSink
  private var machine: VirtualMachine?
  private var guest: PowerShellGuest?
  private var staying = false

  init(
    _ setup: QEMUProvider.Setup, _ access: WindowsAccess, _ place: VMPlace, _ origin: VMOrigin,
    disks: DiskTool, _ events: any EventSink
  ) {
    name = place.vmName
    self.setup = setup
    self.access = access
    self.place = place
    self.origin = origin
    self.disks = disks
    self.events = events
  }

  /// Makes all that the VM needs and starts it.
  func start() async throws {
    do {
      guard mkdir(place.directory, 0o700) == 0 || errno == EEXIST else {
        throw MachineError(
          .unavailable, "could not make `\(place.directory)`: \(Errno(rawValue: errno))")
      }
      try await makeDisk()
      var dataDisks: [VMSpec.Disk] = []
      for (index, gigabytes) in setup.dataDisks.enumerated() {
        let path = place.dataDisk(index)
        _ = try await disks.createEmpty(at: FilePath(path), format: .qcow2, size: gigabytes << 30)
        dataDisks.append(VMSpec.Disk(path: path))
      }
      var spec = VMSpec(
        name: name, directory: place.directory, disk: VMSpec.Disk(path: place.disk),
        dataDisks: dataDisks, firmware: VMSpec.Firmware(for: setup.source.firmware),
        architecture: setup.source.architecture, cpus: setup.cpus, memory: setup.memory)
      spec.devices = access.devices
      spec.display = .vga
      spec.servicePort = access.servicePort
      machine = try await VirtualMachine.start(spec, accelerator: setup.accelerator)
    } catch let error as QEMUError {
      throw MachineError(.unavailable, error.description, hint: error.hint)
    } catch let error as DiskError {
      throw MachineError(.unavailable, error.description, hint: error.hint)
    }
  }

  private func makeDisk() async throws {
    let base: DiskImage
    let size: DiskTool.OverlaySize
    switch origin {
    case .source: (base, size) = (setup.source.image, setup.diskSize)
    case .image(let disk):
      (base, size) = (DiskImage(FilePath(disk.reference), format: .qcow2), .same)
    }
    _ = try await disks.createOverlay(at: FilePath(place.disk), on: base, size: size)
  }

  /// Reaches WinRM in it, as soon as that is up.
  func connect(report: @escaping GuestReport) async throws -> any Guest {
    guard let machine else { throw MachineError(.unavailable, "\(name) was not started") }
    var route = try await access.route(machine.guestPort, place.run.run.text)
    route.timeout = setup.sshTimeout
    route.patience = .untilTimeout
    let guest = try await PowerShellGuest.reach(route, report: report)
    self.guest = guest
    return guest
  }

  func failure() async throws {
    guard let machine else { return }
    let failure = try await machine.waitForFailure()
    if case .ended(.poweredOff) = failure {
      if await guest?.isGeneralized == true { return }
      throw MachineError(
        .died, "the virtual machine switched itself off before its steps had ended",
        hint: "no customizer may power the machine off; a restart is a WindowsRestart customizer")
    }
    try await machine.kill()
    throw MachineError(.died, failure.description)
  }

  /// What proves that it is generalized is the image state, which the deprovision step has read.
  func capture() async throws -> CapturedDisk {
    guard let machine else { throw MachineError(.unavailable, "\(name) was not started") }
    let start = ContinuousClock.now
    let exit: VMExit
    do {
      exit = try await withDeadline(Self.powerOffLimit, for: "the virtual machine to power off") {
        try await machine.waitForExit()
      }
    } catch let error as DeadlineExceeded {
      throw MachineError(.notGeneralized, "could not capture the image: \(error)")
    }
    guard exit == .poweredOff else {
      throw MachineError(.died, "the virtual machine ended: \(exit)")
    }
    events.receive(.poweredOff(machine: name, after: ContinuousClock.now - start))
    guard await guest?.isGeneralized == true else {
      throw MachineError(.notGeneralized, "could not prove that the image is generalized")
    }
    return CapturedDisk(place.disk)
  }

  func keep() -> [String] {
    guard let machine, !machine.hasEnded else { return [] }
    staying = true
    return [
      "the virtual machine was kept: WinRM is at 127.0.0.1:\(machine.guestPort), and "
        + "`kiln gc --kept` removes it"
    ]
  }

  func end() async throws -> LocalVM.End {
    if staying, let machine {
      await machine.release()
      return .kept
    }
    try await machine?.kill()
    try VMPlace.removeFiles(place.directory)
    return .gone
  }
}
