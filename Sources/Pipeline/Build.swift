/// One build: the main flow, from a plan to a baked machine.
///
/// Read this file first. What it names, in call order: a provider gives a machine, the machine is
/// reached as a guest, the steps run in the guest in order, and the machine is released.
public struct Build: Sendable {
  /// What is done.
  public let plan: Plan
  /// Where the machine comes from.
  public let provider: any MachineProvider
  /// Who is told what happens.
  public let events: any EventSink
  /// Where steps are noted durably.
  public let journal: Journal

  /// Puts a build together.
  public init(
    plan: Plan, provider: any MachineProvider, events: any EventSink, journal: Journal
  ) {
    self.plan = plan
    self.provider = provider
    self.events = events
    self.journal = journal
  }

  /// Bakes; when this returns, every step was seen to succeed.
  ///
  /// - Throws: ``BuildError`` with the step's name where a step failed; what the provider throws;
  ///   ``DeadlineExceeded`` when the build timeout passed; `CancellationError`.
  public func run() async throws {
    try await withDeadline(plan.buildTimeout, for: "the build (buildTimeoutInMinutes)") {
      events.receive(.phase(.building))
      try await provider.withMachine(for: plan) { machine in
        let guest = try await connect(to: machine)
        try await customize(guest)
      }
    }
  }

  private func connect(to machine: any Machine) async throws -> any Guest {
    let start = ContinuousClock.now
    let guest = try await machine.connect(report: StepReport(0, events).take)
    events.receive(
      .connected(machine: machine.name, guest.facts, after: ContinuousClock.now - start))
    if plan.needsRoot, case .refused(let reason) = guest.facts.root {
      throw GuestError(
        .unfit, "\(guest.facts.user) can't become root on \(machine.name): \(reason)",
        hint: "let the user run `sudo` without a password, or run all scripts as the login user "
          + "with --script-user login")
    }
    return guest
  }

  /// Runs the steps in order; the first that fails ends it, by name.
  ///
  /// The deprovision script is
  /// placed first, where one of them needs it, so that customizers can edit it, and runs last.
  private func customize(_ guest: any Guest) async throws {
    events.receive(.phase(.customizing))
    if plan.needsDeprovisionScript {
      try await guest.place(DeprovisionStep.defaultScript(), report: StepReport(0, events).take)
    }
    for (index, step) in plan.steps.enumerated() {
      let ahead = plan.steps.dropFirst(index + 1).prefix { $0.job != nil }.compactMap(\.job)
      try await StepRun(step, plan.steps.count, events, journal).run {
        try await apply(step, ahead, guest)
      }
    }
  }

  private func apply(
    _ step: Step, _ ahead: [GuestJob], _ guest: any Guest
  ) async throws -> StepEnd {
    switch step.work {
    case .script(let job):
      try await ShellStep.run(job, ahead: ahead, as: step.outline, on: guest, events)
    case .file(let file):
      try await FileStep.run(file, as: step.outline, on: guest, events)
    }
  }
}
