internal import FoundationEssentials
internal import Glibc
internal import Memory

/// A running machine: one QEMU, which ends at the latest when this process does.
public actor VirtualMachine {
  /// What the machine was made of.
  public nonisolated let spec: VMSpec
  /// The port of 127.0.0.1 that leads to the guest's ``VMSpec/servicePort``.
  ///
  /// QEMU takes connections there from
  /// the start, and drops them until the guest listens.
  public nonisolated let guestPort: Int
  /// QEMU's process number.
  public nonisolated let pid: Int32
  /// The conversation with QEMU, for commands that this type has no function for.
  public nonisolated let qmp: QMPClient
  /// What leads to an agent that listens in the guest, where the machine was made with it.
  public nonisolated let agentPort: AgentPort?

  let process: SupervisedProcess
  let history: VMHistory
  private let console: ConsoleWatch

  init(
    _ spec: VMSpec, guestPort: Int, process: SupervisedProcess, qmp: QMPClient, history: VMHistory,
    console: ConsoleWatch, agentPort: AgentPort? = nil
  ) {
    self.spec = spec
    self.agentPort = agentPort
    self.guestPort = guestPort
    self.process = process
    self.qmp = qmp
    self.history = history
    self.console = console
    pid = process.pid
  }

  /// Starts a machine; it begins to boot.
  ///
  /// The machine runs until it is told to end, ends itself, or this process ends: also by
  /// `kill -9`. Whoever starts one ends it.
  /// - Parameters:
  ///   - spec: What it is made of.
  ///   - accelerator: What ``Accelerator/probe(for:in:)`` found for its architecture.
  ///   - proof: What has to be known before the machine runs. It is found out beside the start, and
  ///     what it throws goes before all else.
  /// - Returns: The machine, once QEMU answers.
  /// - Throws: ``QEMUError`` with QEMU's own words where it did not start.
  public static func start(
    _ spec: VMSpec, accelerator: Accelerator,
    proof: @escaping @Sendable () async throws -> Void = {}
  ) async throws -> VirtualMachine {
    async let proven: Void = proof()
    let spec = try spec.checked()
    // It is read while QEMU starts.
    let memory = try SocketPair()
    let memoryEnd = memory.takeOurs()
    defer { close(memoryEnd) }
    async let sent: Void? = spec.keptMemory?.send(to: memoryEnd)
    let executable = try Programs.qemu(for: spec.architecture)
    let uefi = spec.firmware == .uefi ? try UEFIFiles.find(for: spec.architecture) : nil
    try prepare(spec, uefi)
    let arguments = try CommandLine(spec: spec, accelerator: accelerator, uefi: uefi).arguments()
    let sockets = try SocketPair()
    let history = VMHistory()
    let qmp = QMPClient(owning: sockets.takeOurs(), observer: history.add)
    let process = try await SupervisedProcess.start(
      SupervisedProcess.Command(
        executable: executable, arguments: arguments, directory: spec.directory,
        messages: VMFile.messages.rawValue, channel: sockets.theirs))
    // Ours too is closed now, so that the conversation ends when QEMU does.
    sockets.closeTheirs()
    do {
      try ProcessRecord.of(pid: process.pid)?.write(in: spec.directory)
      try await qmp.negotiate()
      let port = try await forwardedPort(qmp, to: spec.servicePort)
      // Connected before the guest runs, which otherwise finds nobody there.
      let agentPort = spec.hasAgentPort ? try AgentPort(in: spec.directory) : nil
      if let agentPort { history.onHangUp(agentPort.hangUp) }
      if spec.keptMemory != nil {
        try await Migration(by: qmp).read(from: memory.theirs)
        memory.closeTheirs()
        try await sent
        if spec.holdsNetwork { try await holdNetwork(qmp) }
      }
      let console = try ConsoleWatch(
        VMFile.console.path(in: spec.directory), crashed: history.addCrash)
      try await proven
      _ = try await qmp.execute(.cont)
      return VirtualMachine(
        spec, guestPort: port, process: process, qmp: qmp, history: history, console: console,
        agentPort: agentPort)
    } catch {
      memory.closeTheirs()
      let failure = await startFailure(error, spec, process)
      try await proven
      do {
        try await sent
      } catch let fault as MemoryError {
        throw QEMUError(.file, "could not read the machine's memory", fault.description)
      }
      throw failure
    }
  }

  /// Everything that happens to the machine from now on; the stream ends when QEMU does.
  public nonisolated func events() -> AsyncStream<VMEvent> {
    let events = qmp.events()
    return AsyncStream { await events.first { _ in true }.map(VMEvent.init) }
  }

  /// The machine's state.
  public func status() async throws -> QMPStatus { try await qmp.execute(.status) }

  /// Halts the guest's processors.
  public func stop() async throws { _ = try await qmp.execute(.stop) }

  /// Lets the guest's processors go on.
  public func cont() async throws { _ = try await qmp.execute(.cont) }

  /// The last lines that the guest wrote to its console, legible on a terminal; first of them why its
  /// kernel crashed, where it did.
  public nonisolated func consoleTail(lines: Int) -> [String] {
    LogTail(path: VMFile.console.path(in: spec.directory)).consoleLines(lines)
  }

  /// Makes the directory and what QEMU expects there.
  private static func prepare(_ spec: VMSpec, _ uefi: UEFIFiles?) throws(QEMUError) {
    do {
      try FileManager.default.createDirectory(
        atPath: spec.directory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw .file("make the directory `\(spec.directory)`", errno)
    }
    if let record = try ProcessRecord.read(in: spec.directory), record.isAlive {
      throw QEMUError(
        .badSpec, "could not start the virtual machine `\(spec.name)`",
        "process \(record.pid) is a machine of the same directory, \(spec.directory)",
        hint: "give each machine its own directory")
    }
    guard let uefi else { return }
    let variables = VMFile.variables.path(in: spec.directory)
    // A machine that starts again keeps its variables.
    guard access(variables, F_OK) != 0 else { return }
    do {
      let bytes = try Data(contentsOf: URL(filePath: uefi.variables))
      try bytes.write(to: URL(filePath: variables))
    } catch {
      throw .file("copy `\(uefi.variables)` to `\(variables)`", errno)
    }
  }

  /// The port that the system chose for the forward: QEMU was told to take any.
  static func forwardedPort(_ qmp: QMPClient, to guestPort: Int) async throws -> Int {
    let table = try await qmp.execute(.monitor("info usernet"))
    guard let port = UserNetwork(table).forwardedPort(to: guestPort) else {
      throw QEMUError(
        .protocolViolation, "could not find the port that leads to the machine",
        "QEMU lists none: \(legible(table))")
    }
    return port
  }

  /// Ends what was started, and says why it could not be used: QEMU's own words where it ended.
  private static func startFailure(
    _ error: any Error, _ spec: VMSpec, _ process: SupervisedProcess
  ) async -> any Error {
    // When the conversation ended, the process is about to; when not, it does not answer.
    let end = try? await process.ended(within: .seconds(1))
    process.kill()
    guard !(error is CancellationError), let end = end ?? nil else { return error }
    let words = LogTail(path: VMFile.messages.path(in: spec.directory)).lines(5)
    return QEMUError(
      .startFailed, "could not start the virtual machine `\(spec.name)`",
      "QEMU \(end.words): \(words.isEmpty ? "it said nothing" : words.joined(separator: "; "))")
  }
}

extension VMSpec {
  /// The same machine with absolute paths: QEMU runs in the machine's directory.
  fileprivate func checked() throws(QEMUError) -> VMSpec {
    let operation = "could not start the virtual machine `\(name)`"
    if firmware == .bios, architecture == .aarch64 {
      throw QEMUError(.badSpec, operation, "Arm machines have no BIOS", hint: "use UEFI")
    }
    guard cpus > 0, memory > 0 else {
      throw QEMUError(
        .badSpec, operation, "it has \(cpus) processors and \(memory) MiB of memory")
    }
    var spec = self
    spec.directory = Self.absolute(directory)
    spec.disk.path = Self.absolute(disk.path)
    spec.dataDisks = dataDisks.map { Disk(path: Self.absolute($0.path), format: $0.format) }
    spec.seed = seed.map(Self.absolute)
    for path in [spec.disk.path] + spec.dataDisks.map(\.path) where access(path, R_OK | W_OK) != 0 {
      throw QEMUError(.file, operation, "its disk \(path): \(systemText(errno))")
    }
    if let seed = spec.seed, access(seed, R_OK) != 0 {
      throw QEMUError(.file, operation, "its seed \(seed): \(systemText(errno))")
    }
    return spec
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
  }
}

/// What `info usernet` says of QEMU's network.
struct UserNetwork {
  private let rows: [[Substring]]

  init(_ table: String) {
    rows = table.split(whereSeparator: \.isNewline).map { $0.split(separator: " ") }
  }

  /// The host's port that leads to a port of the guest.
  ///
  /// A row has the protocol and state, the descriptor, and twice an address and a port.
  func forwardedPort(to guestPort: Int) -> Int? {
    let row = rows.first {
      $0.count >= 6 && $0[0] == "TCP[HOST_FORWARD]" && Int($0[5]) == guestPort
    }
    return row.flatMap { Int($0[3]) }
  }
}
