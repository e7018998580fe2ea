internal import Guests
internal import HTTP
internal import Pipeline
internal import SSH
internal import Template

/// One VM of a run in Azure, from its resources to its captured disk.
actor AzureVM: WatchedVM {
  nonisolated let name: String
  private let provider: AzureProvider
  private let names: BuildNames
  private let plan: @Sendable (MachineFiles.Keys) -> StagingPlan
  private var reached: (login: MachineLogin, hostKey: String, clientKey: String)?
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

  /// How long a VM may take to power off once it was told to.
  private static let powerOffLimit = Duration.seconds(300)
  /// How long the last lines of the console may take until they can be read.
  private static let consoleLimit = Duration.seconds(180)
  /// The wait between two looks at a machine that powers off.
  private static let look = Duration.seconds(3)
  /// How many lines of the console are shown when something went wrong.
  private static let tail = 12

  init(_ provider: AzureProvider, _ names: BuildNames) {
    self.provider = provider
    self.names = names
    name = names.machine["virtualMachines"] ?? "the build VM"
    let setup = provider.setup
    let origin: MachineSpec.Origin? =
      names.role == .build ? nil : .image(names.image, plan: setup.shape.plan)
    plan = { keys in
      StagingPlan(
        location: setup.location, names: names, tags: provider.tags, network: setup.network,
        machine: setup.shape.machine(
          from: origin, authorizedKey: keys.client, customData: keys.host))
    }
  }

  private var staging: Staging { provider.staging }

  /// Makes all that the VM needs, and the VM.
  func start() async throws {
    let files = MachineFiles(provider.run, names.role)
    let keys = try files.makeKeys(comment: name)
    if names.role == .validation { try await makeImage() }
    let plan = plan(keys)
    try await staging.make(plan)
    let login = MachineLogin(
      host: try await staging.address(of: plan), user: plan.machine.user, identity: files.key,
      knownHosts: files.knownHosts)
    try files.note(login)
    reached = (login, keys.host.hostPublicKey, keys.client)
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

  /// Reaches the guest, which accepts no host key but the one that it was given.
  func connect(report: @escaping GuestReport) async throws -> any Guest {
    guard let reached else { throw MachineError(.unavailable, "\(name) was not started") }
    var options = SSHOptions()
    options.identities = [reached.login.identity]
    options.hostKeyPolicy = .pinned(reached.hostKey)
    options.connectTimeout = .seconds(20)
    let target = ResolvedTarget(
      user: reached.login.user, host: reached.login.host, port: provider.setup.port)
    var route = SSHRoute(
      name: "the build VM", run: provider.run.run.text, timeout: provider.setup.sshTimeout,
      patience: .untilTimeout
    ) { [options, looks] in
      looks.reaching()
      let connection = try await SSHConnection.connect(to: target, options: options)
      looks.reached()
      return connection
    }
    route.publicKey =
      reached.clientKey.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    do {
      return try await SSHGuest.reach(route, report: report)
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
        hint: "no customizer may power the machine off; a restart is `reboot`")
    case (.leaving, "stopped"):
      // The console tells whether root has done all that it had to.
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

  /// Waits until the machine has powered itself off, looks for root's proof on its console, and
  /// marks it as generalized.
  func capture() async throws -> CapturedDisk {
    course = .leaving
    let elapsed = staging.arm.wire.pace.stopwatch()
    while true {
      let state = try await power()
      if state == "stopped" { break }
      if state == "deallocated" { throw takenAway }
      guard elapsed() < Self.powerOffLimit else {
        await tellConsole()
        throw MachineError(
          .notGeneralized,
          "could not capture the image: waited \(Self.powerOffLimit.formatted) for the virtual "
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

  /// The proof reaches the console's log some time after the machine is off.
  private func prove() async throws {
    let proof = RetirementProof(run: provider.run.run.text)
    let elapsed = staging.arm.wire.pace.stopwatch()
    while true {
      switch proof.left(in: try await console()) {
      case "": return
      case let left?:
        throw MachineError(
          .notGeneralized, "could not generalize the image: it still has\(left)",
          hint: "see what the deprovision script and the customizers do with it")
      case nil:
        guard elapsed() < Self.consoleLimit else {
          throw MachineError(
            .notGeneralized,
            "could not prove that the image is generalized: the serial console does not say",
            hint: "the source image must have a console on its serial port")
        }
        try await staging.arm.wire.pace.pause(Self.look)
      }
    }
  }

  func keep() -> [String] {
    guard reached != nil else { return [] }
    provider.staying.set()
    course = .settled
    return [
      "the virtual machine was kept: `kiln ssh \(provider.run.run.text)` opens a shell in it, "
        + "`kiln gc --kept` removes it"
    ]
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
