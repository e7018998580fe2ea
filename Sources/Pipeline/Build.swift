import Template

/// One build: the main flow, from a plan to a baked machine or to run outputs.
///
/// Read this file first. What it names, in call order: a provider gives a machine, the machine is
/// reached as a guest, the steps run in the guest in order; where an image is made, the machine is
/// generalized, its disk is captured and validated, and the distributors make run outputs of it.
public struct Build: Sendable {
  /// What is done.
  public let plan: Plan
  /// Where it is done.
  public let site: Site
  /// Who is told what happens.
  public let events: any EventSink
  /// Where steps are noted durably.
  public let journal: Journal

  /// Where a build is done.
  public enum Site: Sendable {
    /// On a machine that is there already and stays.
    case host(any MachineProvider)
    /// In a VM that is made for it, of which a distributor makes run outputs as planned.
    case vm(any VMProvider, any ImageDistributor, ImagePlan)
  }

  /// Puts a build together.
  public init(plan: Plan, site: Site, events: any EventSink, journal: Journal) {
    self.plan = plan
    self.site = site
    self.events = events
    self.journal = journal
  }

  /// Bakes; when this returns, every step and every output was seen to succeed.
  ///
  /// - Throws: ``BuildError`` with the step's name where a step failed; ``DistributionError`` where
  ///   an output was not made; ``DistributedInvalid``; what the provider throws;
  ///   ``DeadlineExceeded`` when the build timeout passed; `CancellationError`.
  public func run() async throws {
    try await withDeadline(plan.buildTimeout, for: "the build (buildTimeoutInMinutes)") {
      events.receive(.phase(.building))
      switch site {
      case .host(let provider):
        try await provider.withMachine(for: plan) { machine in try await bake(machine) }
      case .vm(let provider, let distributor, let image):
        let making = ImageMaking(
          plan: plan, image: image, provider: provider, distributor: distributor, events: events)
        try await makeImage(making)
      }
    }
  }

  private func makeImage(_ making: ImageMaking) async throws {
    let image = making.image
    guard image.subject == .builtImage else {
      return try await validate(.source, making)
    }
    try await making.provider.withVM(from: .source, for: plan) { vm in
      try await keeping(vm, if: image.retention.onCustomizerError, events) { try await bake(vm) }
      let disk = try await vm.capture()
      let refusal = try await making.validate(.image(disk), check)
      try await making.distribute(disk)
      if let refusal { throw DistributedInvalid(cause: refusal) }
    }
  }

  /// Validates the source as it is: nothing is built or distributed (`aib.md` a.5).
  private func validate(_ origin: VMOrigin, _ making: ImageMaking) async throws {
    if let refusal = try await making.validate(origin, check) { throw refusal }
  }

  private func bake(_ machine: any Machine) async throws {
    let guest = try await connect(to: machine)
    events.receive(.phase(.customizing))
    let states = machine as? any StatefulVM
    let done = await states?.stepsDone ?? 0
    if done > 0 { StepReuse.tell(of: plan.steps.prefix(done), events) }
    if done == 0, plan.needsDeprovisionScript {
      try await guest.place(DeprovisionStep.defaultScript(), report: StepReport(0, events).take)
    }
    try await run(Array(plan.steps.dropFirst(done)), in: guest, keepingStatesOf: states)
  }

  /// Runs validators on a machine that is thrown away.
  private func check(_ machine: any Machine, _ validators: [Step]) async throws {
    try await run(validators, in: try await connect(to: machine))
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

  /// Runs steps in order; the first that fails ends the build, by name.
  private func run(
    _ steps: [Step], in guest: any Guest, keepingStatesOf vm: (any StatefulVM)? = nil
  ) async throws {
    for (index, step) in steps.enumerated() {
      // A state is one between two steps: none may have begun.
      let next = vm == nil ? steps.dropFirst(index + 1).prefix { $0.job != nil } : []
      let ahead = next.compactMap(\.job)
      let end = try await StepRun(step, plan.stepCount, events, journal).run {
        try await apply(step, ahead, guest)
      }
      if end.outcome == .restarted, plan.needsDeprovisionScript {
        try await DeprovisionStep.replace(on: guest, after: step, events)
      }
      try await vm?.keepState(after: step)
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
    case .generalize(let job):
      try await DeprovisionStep.run(job, as: step.outline, on: guest, events)
    }
  }
}
