public import Template

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
  /// Who says how it goes on between steps; the build timeout waits for an answer.
  public let guide: any StepGuide
  /// What puts the machine back before a step that runs again.
  public let rewinder: any StepRewinder
  private let rest = Rest()

  /// Where a build is done.
  public enum Site: Sendable {
    /// On a machine that is there already and stays.
    case host(any MachineProvider)
    /// In a VM that is made for it, of which a distributor makes run outputs as planned.
    case vm(any VMProvider, any ImageDistributor, ImagePlan)
    /// In a VM that is made for it, of which nothing is made, and which reacts so to a failure.
    case trial(any VMProvider, onFailure: ErrorHandling.Reaction)
  }

  /// Puts a build together.
  public init(
    plan: Plan, site: Site, events: any EventSink, journal: Journal,
    guide: any StepGuide = Unattended(), rewinder: any StepRewinder = NoRewinder()
  ) {
    self.plan = plan
    self.site = site
    self.events = events
    self.journal = journal
    self.guide = guide
    self.rewinder = rewinder
  }

  /// Bakes; when this returns, every step and every output was seen to succeed.
  ///
  /// - Throws: ``BuildError`` with the step's name where a step failed; ``StoppedByRequest`` where
  ///   the guide said so; ``DistributionError`` where an output was not made;
  ///   ``DistributedInvalid``; what the provider throws; ``DeadlineExceeded`` when the build
  ///   timeout passed; `CancellationError`.
  public func run() async throws {
    let limit = "the build (buildTimeoutInMinutes)"
    try await withDeadline(plan.buildTimeout, for: limit, except: rest) {
      events.receive(.phase(.building))
      let asked = ContinuousClock.now
      switch site {
      case .host(let provider):
        try await provider.withMachine(for: plan) { machine in
          tell(.acquire, since: asked)
          _ = try await bake(machine)
        }
      case .trial(let provider, let reaction):
        try await provider.withVM(from: .source, for: plan) { vm in
          tell(.acquire, since: asked)
          _ = try await keeping(vm, if: reaction, events) { try await bake(vm) }
        }
      case .vm(let provider, let distributor, let image):
        let making = ImageMaking(
          plan: plan, image: image, provider: provider, distributor: distributor, events: events)
        try await makeImage(making)
      }
    }
  }

  private func makeImage(_ making: ImageMaking) async throws {
    let image = making.image
    let asked = ContinuousClock.now
    guard image.subject == .builtImage else {
      return try await validate(.source, making)
    }
    try await making.provider.withVM(from: .source, for: plan) { vm in
      tell(.acquire, since: asked)
      let baked = try await keeping(vm, if: image.retention.onCustomizerError, events) {
        try await bake(vm)
      }
      let off = ContinuousClock.now
      let disk = try await vm.capture()
      tell(.capture, since: off)
      let refusal = try await making.validate(.image(disk), check)
      try await making.distribute(disk, from: baked)
      if let refusal { throw DistributedInvalid(cause: refusal) }
    }
  }

  /// Validates the source as it is: nothing is built or distributed (`aib.md` a.5).
  private func validate(_ origin: VMOrigin, _ making: ImageMaking) async throws {
    if let refusal = try await making.validate(origin, check) { throw refusal }
  }

  private func bake(_ machine: any Machine) async throws -> Bake {
    let guest = try await connect(to: machine)
    events.receive(.phase(.customizing))
    for step in plan.skipped {
      events.receive(.stepFinished(.skipped(step, "left out by the command line")))
    }
    let done = await (machine as? any AdvancedMachine)?.stepsDone ?? 0
    for step in plan.steps.prefix(done) { events.receive(.stepFinished(.cached(step.outline))) }
    // A kept state has the script as its steps left it, and has none where they deleted it.
    if plan.needsDeprovisionScript, done == 0 || !(machine is any StatefulVM) {
      try await DeprovisionStep(on: plan.system).provide(on: guest, after: done, events)
    }
    if done == 0 { try await StateKeeper.keepBeginning(of: machine) }
    return try await run(Array(plan.steps.dropFirst(done)), on: machine, as: guest)
  }

  /// Runs validators on a machine that is thrown away.
  private func check(_ machine: any Machine, _ validators: [Step]) async throws {
    _ = try await run(validators, on: machine, as: try await connect(to: machine))
  }

  private func connect(to machine: any Machine) async throws -> any Guest {
    let start = ContinuousClock.now
    let guest = try await machine.connect(report: StepReport(0, events).take)
    let wait = ContinuousClock.now - start
    events.receive(.connected(machine: machine.name, guest.facts, after: wait))
    if plan.needsRoot, case .refused(let reason) = guest.facts.root {
      throw GuestError(
        .unfit, "\(guest.facts.user) can't become root on \(machine.name): \(reason)",
        hint: plan.system == .windows
          ? "log in as a member of Administrators"
          : "let the user run `sudo` without a password, or run all scripts as the login user "
            + "with --script-user login")
    }
    return guest
  }

  /// Runs steps in order; the first that fails ends the build, by name, unless the guide knows how
  /// to go on.
  private func run(
    _ steps: [Step], on machine: any Machine, as guest: any Guest
  ) async throws -> Bake {
    var guest = guest
    var course = Course(steps, of: plan, events)
    while let step = course.step {
      let number = course.attemptNumber
      let turn = try await rest.during {
        try await guide.turn(of: step, attempt: number, in: guest)
      }
      guard try course.begin(turn) == .run else { continue }
      let attempt = try await attempt(step, course, machine, guest)
      let verdict = try await rest.during {
        try await guide.verdict(on: attempt, of: course.plan, in: guest)
      }
      try course.take(verdict, on: attempt)
      if case .again = verdict {
        guest = try await rewinder.guest(on: machine, before: step, else: guest, events)
      } else {
        try await StateKeeper.keep(of: machine, after: attempt)
      }
    }
    return Bake(course)
  }

  private func attempt(
    _ step: Step, _ course: Course, _ machine: any Machine, _ guest: any Guest
  ) async throws -> StepAttempt {
    let number = course.attemptNumber
    do {
      let ahead = ahead(in: course, on: machine)
      let end = try await StepRun(step, attempt: number, plan.stepCount, events, journal).run {
        try await apply(step, ahead, machine, guest)
      }
      if end.outcome == .restarted, plan.needsDeprovisionScript {
        try await DeprovisionStep(on: plan.system).replace(on: guest, after: step, events)
      }
      return StepAttempt(step: step, number: number, failure: nil)
    } catch let failure as BuildError where failure.isKnown {
      return StepAttempt(step: step, number: number, failure: failure)
    }
  }

  private func ahead(in course: Course, on machine: any Machine) -> JobsAhead {
    guard guide.pace == .flowing else { return .none }
    return course.ahead(keepingStates: machine is any StatefulVM)
  }

  private func apply(
    _ step: Step, _ ahead: JobsAhead, _ machine: any Machine, _ guest: any Guest
  ) async throws -> StepEnd {
    switch step.work {
    case .script(let job):
      try await ShellStep.run(job, ahead: ahead, as: step.outline, on: guest, events)
    case .file(let file):
      try await FileStep.run(file, as: step.outline, on: guest, events)
    case .powerShell(let work):
      try await PowerShellStep.run(work, as: step.outline, on: guest, events)
    case .windowsRestart(let work):
      try await WindowsRestartStep.run(work, as: step.outline, on: guest, events)
    case .windowsUpdate(let job):
      try await WindowsUpdateStep.run(job, as: step.outline, on: guest, events)
    case .generalize(let job):
      try await machine.departing {
        try await DeprovisionStep.run(job, as: step.outline, on: guest, events)
      }
    }
  }

  private func tell(_ stage: RunStage, since start: ContinuousClock.Instant) {
    events.receive(.timed(stage, ContinuousClock.now - start))
  }
}
