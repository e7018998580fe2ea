internal import HTTP
internal import Pipeline
internal import Template

/// One VM of a run in Azure, from its resources to its captured disk.
actor AzureVM: BuildVM {
  nonisolated let name: String
  private let provider: AzureProvider
  private let names: BuildNames
  private let entry: any MachineEntry
  private let plan: @Sendable (MachineSpec.Account) -> StagingPlan
  private var isMade = false
  private var isLeaving = false

  /// The wait between two looks at a machine that powers off.
  private static let look = Duration.seconds(3)
  /// The wait between two looks whether a machine still runs.
  private static let watch = Duration.seconds(60)
  /// How long a machine may be off before that is taken for a failure.
  private static let doubt = Duration.seconds(20)
  /// How many lines of the console are shown when something went wrong.
  private static let tail = 12

  init(_ provider: AzureProvider, _ names: BuildNames) {
    self.provider = provider
    self.names = names
    name = names.machineName
    let setup = provider.setup
    entry =
      switch setup.shape.system {
      case .posix: LinuxEntry(provider, names)
      case .windows: WindowsEntry(provider, names)
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

  /// Looks from time to time whether the machine runs, and throws why it does not; it ends where
  /// the machine is meant to go down.
  func failure() async throws {
    while !isLeaving {
      try await ContinuousClock().sleep(for: Self.watch)
      guard !isLeaving else { return }
      let state: String
      do {
        state = try await power()
      } catch let error as AzureError {
        guard error.isNotFound else { continue }
        throw MachineError(
          .died, "the virtual machine is not there any more: somebody removed it")
      }
      switch state {
      case "stopped" where !isLeaving:
        // One that was told to power off is off before anybody here has learned of its last step.
        try await ContinuousClock().sleep(for: Self.doubt)
        guard !isLeaving else { return }
        await tellConsole()
        throw MachineError(
          .died, "the virtual machine switched itself off before its steps had ended",
          hint: "no customizer may power the machine off; a restart is `reboot`")
      case "deallocated" where !isLeaving, "deallocating" where !isLeaving:
        throw MachineError(
          .died, "Azure took the virtual machine away",
          hint: "that is how spot machines end, or somebody stopped it: build again, without --spot"
        )
      default: continue
      }
    }
  }

  /// Waits until the machine has powered itself off, looks for the proof that it was generalized,
  /// and marks it as that.
  func capture() async throws -> CapturedDisk {
    isLeaving = true
    let elapsed = staging.arm.wire.pace.stopwatch()
    while try await power() != "stopped" {
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
    try await entry.prove { try await self.console() }
    try await staging.capture(names)
    return CapturedDisk(names.machine.text)
  }

  func keep() async -> [String] {
    guard isMade else { return [] }
    provider.staying.set()
    isLeaving = true
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
