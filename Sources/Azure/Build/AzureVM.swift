internal import HTTP
internal import Pipeline
internal import Template

/// One VM of a run in Azure, from its resources to its captured disk.
actor AzureVM: WatchedVM {
  nonisolated let name: String
  private let provider: AzureProvider
  private let names: BuildNames
  private let entry: any MachineEntry
  private let plan: @Sendable (MachineSpec.Account) -> StagingPlan
  private var isMade = false
  private let looks = LookTimes()
  private var course = Course.running

  /// What the machine is meant to do.
  private enum Course {
    /// Steps run in it.
    case running
    /// It may power itself off at any time, generalized.
    case leaving
    /// It is as the build wants to have it: nobody looks after it any more.
    case settled
  }

  /// The wait between two looks at a machine that powers off.
  private static let look = Duration.seconds(3)
  /// How many lines of the console are shown when something went wrong.
  private static let tail = 12

  init(_ provider: AzureProvider, _ names: BuildNames) {
    self.provider = provider
    self.names = names
    name = names.machineName
    let setup = provider.setup
    entry =
      switch setup.shape.system {
      case .posix: LinuxEntry(provider, names, looks)
      case .windows: WindowsEntry(provider, names, looks)
      }
    let origin: MachineSpec.Origin? =
      names.role == .build ? nil : .image(names.image, plan: setup.shape.plan)
    plan = { account in
      StagingPlan(
        location: setup.location, names: names, tags: provider.tags, network: setup.network,
        machine: setup.shape.machine(from: origin, account: account))
    }
  }

  private var staging: Staging { provider.staging }

  /// Makes all that the VM needs, and the VM.
  func start() async throws {
    let account = try await entry.makeAccount()
    if names.role == .validation { try await makeImage() }
    let plan = plan(account)
    try await staging.make(plan)
    try await entry.found(at: try await staging.address(of: plan))
    isMade = true
  }

  /// The image that a validation VM starts from.
  private func makeImage() async throws {
    let image = OutputPlan(
      .managedImage(
        names.image, location: provider.setup.location, generation: provider.setup.generation),
      tags: provider.tags)
    guard let body = image.body(from: names.of(.build).machine, .making) else { return }
    try await staging.journal.intend(staging.note(names.image))
    try await staging.arm.perform(.put(names.image, body))
  }

  /// Reaches the guest.
  func connect(report: @escaping GuestReport) async throws -> any Guest {
    do {
      return try await entry.reach(report: report)
    } catch let error as GuestError {
      await tellConsole()
      throw error
    }
  }

  func mayPowerOff() { if course == .running { course = .leaving } }

  func mustRun() { if course == .leaving { course = .running } }

  /// Looks whether the machine runs, and throws why it does not; it ends where the machine is meant
  /// to go down.
  func failure() async throws {
    try await looks.each { try await self.look() }
  }

  /// Looks once.
  func look() async throws -> LookTimes.Next {
    guard course != .settled else { return .enough }
    let state: String
    do {
      state = try await power()
    } catch let error as AzureError {
      // What else keeps a look from being had proves nothing of the machine: the next one tells, and
      // the requests of the build tell of an Azure that stays away.
      guard error.isNotFound, course != .settled else { return .again }
      throw MachineError(
        .died, "the virtual machine is not there any more: somebody removed it")
    }
    switch (course, state) {
    case (.settled, _): return .enough
    case (.running, "stopped"):
      await tellConsole()
      throw MachineError(
        .died, "the virtual machine switched itself off before its steps had ended",
        hint: "no customizer may power the machine off; a restart is "
          + (provider.setup.shape.system == .windows ? "a WindowsRestart customizer" : "`reboot`"))
    case (.leaving, "stopped"):
      try await prove()
      return .enough
    case (_, "deallocated"), (_, "deallocating"): throw takenAway
    default: return .again
    }
  }

  private var takenAway: MachineError {
    MachineError(
      .died, "Azure took the virtual machine away",
      hint: provider.setup.shape.priority == .spot
        ? "that is how spot machines end: build again, without --spot"
        : "somebody stopped it, or the subscription ran out of credit: build again")
  }

  /// Waits until the machine has powered itself off, looks for the proof that it was generalized,
  /// and marks it as that.
  func capture() async throws -> CapturedDisk {
    course = .leaving
    let elapsed = staging.arm.wire.pace.stopwatch()
    while true {
      let state = try await power()
      if state == "stopped" { break }
      if state == "deallocated" { throw takenAway }
      guard elapsed() < entry.powerOffLimit else {
        await tellConsole()
        throw MachineError(
          .notGeneralized,
          "could not capture the image: waited \(entry.powerOffLimit.formatted) for the virtual "
            + "machine to power off",
          hint: "something in the guest holds its shutdown up")
      }
      try await staging.arm.wire.pace.pause(Self.look)
    }
    provider.events.receive(.poweredOff(machine: name, after: elapsed()))
    try await prove()
    course = .settled
    try await staging.capture(names)
    return CapturedDisk(names.machine.text)
  }

  private func prove() async throws { try await entry.prove { try await self.console() } }

  func keep() async -> [String] {
    guard isMade else { return [] }
    provider.staying.set()
    course = .settled
    return await entry.keep()
  }

  // MARK: Looking

  /// The state of the machine's power, as in `running`.
  private func power() async throws -> String {
    let view = try await staging.arm.perform(
      ARMRequest(.get, "\(names.machine)/instanceView"))
    let codes = view["statuses"]?.elements.compactMap { $0["code"]?.text } ?? []
    let state = codes.first { $0.lowercased().hasPrefix("powerstate/") }
    return state?.split(separator: "/").last?.lowercased() ?? ""
  }

  /// What the machine has written to its serial console.
  private func console() async throws -> String {
    let request = ARMRequest.post(names.machine, "retrieveBootDiagnosticsData")
    let answer = try await staging.arm.perform(request)
    guard let url = answer["serialConsoleLogBlobUri"]?.text else {
      throw AzureError(request.purpose, "the answer has no serialConsoleLogBlobUri")
    }
    let purpose = "read the serial console of \(name)"
    let log = try await staging.arm.wire.send(
      HTTPRequest(.get, url), for: purpose, retry: ARMClient.standardRetry)
    // It may not be there yet, and its address is good for some time only.
    return log.status == 200 ? log.text : ""
  }

  private func tellConsole() async {
    // What is shown here helps to understand another error, which is told in any case.
    guard let text = try? await console() else { return }
    let lines = text.split(whereSeparator: \.isNewline).suffix(Self.tail)
    guard !lines.isEmpty else { return }
    provider.events.receive(.note("the last lines of the console:"))
    for line in lines { provider.events.receive(.note("    \(line)")) }
  }
}
