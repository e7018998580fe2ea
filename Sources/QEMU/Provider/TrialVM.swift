public import Disks
internal import Foundation
internal import Glibc
internal import Guests
internal import Pipeline
internal import SSH
internal import SystemPackage

/// A VM of an image, for somebody to look into: it has an identity of its own, and is gone with all
/// that was done in it.
public struct TrialVM: Sendable {
  /// What it starts from; nothing is written to it.
  public var base: BaseDisk
  /// How many processors it has.
  public var cpus: Int
  /// Its memory, in MiB.
  public var memory: Int
  /// How QEMU runs its code.
  public var accelerator: Accelerator
  /// Who logs in.
  public var user: String
  /// Public keys that may log in beside the one that is made for it.
  public var authorizedKeys: [String]
  /// How long it may take to be reached.
  public var timeout: Duration

  private static let releaseLimit = Duration.seconds(60)
  private static let pause = Duration.milliseconds(300)
  private static let consoleLines = 12

  /// Describes a VM.
  public init(
    base: BaseDisk, cpus: Int, memory: Int, accelerator: Accelerator, user: String,
    authorizedKeys: [String], timeout: Duration
  ) {
    self.base = base
    self.cpus = cpus
    self.memory = memory
    self.accelerator = accelerator
    self.user = user
    self.authorizedKeys = authorizedKeys
    self.timeout = timeout
  }

  /// Boots it with its files below `root`, and runs `body` once it takes logins.
  ///
  /// When this returns, however it returns, nothing of it is left. It also ends when the guest
  /// switches itself off. `note` is told the console's last lines where something went wrong.
  /// - Throws: what `body` throws; ``MachineError`` where it does not come up or breaks down.
  /// - Returns: what `body` returns; `nil` where the guest switched itself off before.
  public func use<Result: Sendable>(
    below root: String, disks: DiskTool, note: @escaping @Sendable (String) -> Void,
    _ body: @escaping @Sendable (VMLogin) async throws -> Result
  ) async throws -> Result? {
    let place = try TrialPlace.make(below: root)
    return try await withResource(
      { place }, release: { try await $0.remove() }, limit: Self.releaseLimit,
      for: "the virtual machine to be removed"
    ) { place in
      do {
        return try await run(in: place.directory, disks, note, body)
      } catch let error as QEMUError {
        throw MachineError(.unavailable, error.description, hint: error.hint)
      }
    }
  }

  private func run<Result: Sendable>(
    in directory: String, _ disks: DiskTool, _ note: @Sendable (String) -> Void,
    _ body: @escaping @Sendable (VMLogin) async throws -> Result
  ) async throws -> Result? {
    let name = "kiln-trial-\(FilePath(directory).lastComponent?.string ?? "")"
    let identity = try VMIdentity.make(
      in: directory, user: user, hostname: "kiln-trial", instanceID: name,
      growsPartitions: try await disks.hasRoomToGrow(base.image), alsoFor: authorizedKeys)
    let disk = VMFile.disk.path(in: directory)
    _ = try await disks.createOverlay(at: FilePath(disk), on: base.image)
    let machine = try await VirtualMachine.start(
      VMSpec(
        name: name, directory: directory, disk: VMSpec.Disk(path: disk),
        firmware: VMSpec.Firmware(for: base.firmware), architecture: base.architecture,
        cpus: cpus, memory: memory, seed: VMFile.seed.path(in: directory)),
      accelerator: accelerator)
    let login = VMLogin(
      port: machine.guestPort, user: user, identity: VMFile.key.path(in: directory),
      knownHosts: VMFile.knownHosts.path(in: directory))
    return try await withResource(
      { machine }, release: { _ = try await $0.kill() }, limit: Self.releaseLimit,
      for: "the virtual machine to end"
    ) { machine in
      do {
        return try await watching(machine) {
          try await reach(login, identity, machine)
          return try await body(login)
        }
      } catch let error as MachineError {
        Self.tellConsole(machine, note)
        throw error
      }
    }
  }

  /// Runs `body`, and ends it when the machine ends.
  private func watching<Result: Sendable>(
    _ machine: VirtualMachine, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        let failure = try await machine.waitForFailure()
        if case .ended(.poweredOff) = failure { return nil }
        throw MachineError(.died, failure.description)
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  /// Returns when the guest takes a login.
  private func reach(
    _ login: VMLogin, _ identity: VMIdentity, _ machine: VirtualMachine
  ) async throws {
    var options = SSHOptions()
    options.identities = [login.identity]
    options.hostKeyPolicy = .pinned(identity.host.publicKey)
    options.connectTimeout = .seconds(10)
    let target = ResolvedTarget(user: user, host: "127.0.0.1", port: UInt16(login.port))
    let end = ContinuousClock.now + timeout
    while true {
      do {
        try await SSHConnection.connect(to: target, options: options).close()
        return
      } catch let error as SSHError {
        guard !error.isFinal, ContinuousClock.now < end else {
          throw MachineError(
            .unavailable,
            "could not reach the virtual machine within \(timeout.formatted): \(error)",
            hint: error.hint)
        }
        // Nothing tells that a guest has begun to listen.
        try await ContinuousClock().sleep(for: Self.pause)
      }
    }
  }

  private static func tellConsole(_ machine: VirtualMachine, _ note: (String) -> Void) {
    let lines = machine.consoleTail(lines: consoleLines)
    if !lines.isEmpty { note("the last lines of the console:") }
    for line in lines { note("    \(line)") }
  }
}
