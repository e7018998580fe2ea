import Digests

/// The way through a build's steps: which comes next, and what became of those behind.
struct Course {
  /// What the build goes by; a retry may put a newer one in its place.
  private(set) var plan: Plan
  /// What of the plan the machine lacks so far.
  private(set) var omissions: [Omission]
  private var steps: ArraySlice<Step>
  private var attempt = 1
  private let events: any EventSink

  /// Begins with the first of `steps`, which are a part of `plan`.
  init(_ steps: [Step], of plan: Plan, _ events: any EventSink) {
    self.plan = plan
    self.steps = steps[...]
    self.events = events
    omissions = []
  }

  /// The step whose turn it is, as the job of this attempt; `nil` when all are behind.
  var step: Step? { steps.first?.attempt(attempt) }

  /// The attempt that comes next, from 1.
  var attemptNumber: Int { attempt }

  /// The jobs that follow the present one without anything in between; where states are kept between
  /// steps, none may start by itself.
  func ahead(keepingStates: Bool) -> JobsAhead {
    let rest = steps.dropFirst()
    let jobs = rest.prefix { $0.job != nil }.compactMap(\.job)
    var ahead = keepingStates ? JobsAhead.sent(jobs) : .started(jobs)
    if case .generalize(let job) = rest.dropFirst(jobs.count).first?.work {
      ahead.generalizing = job
    }
    return ahead
  }

  /// Takes the guide's word on the present step before it runs; one that is left out is behind then.
  /// - Throws: ``StoppedByRequest`` where the build ends here.
  mutating func begin(_ turn: StepTurn) throws(StoppedByRequest) -> StepTurn {
    guard let step = steps.first?.outline else { return turn }
    switch turn {
    case .run: break
    case .leaveOut:
      steps.removeFirst()
      omissions.append(Omission(step, .skipped))
      events.receive(.stepFinished(.skipped(step, "left out by request")))
    case .stop:
      throw StoppedByRequest("the build was ended by request before step \(step.number)", .usual)
    }
    return turn
  }

  /// Takes the guide's word on the present step's attempt.
  /// - Throws: ``BuildError`` where the build ends with the step's failure; ``StoppedByRequest``
  ///   where it ends after a success; ``ReplanError`` where the newer plan is for other steps.
  mutating func take(_ verdict: StepVerdict, on attempt: StepAttempt) throws {
    switch verdict {
    case .goOn:
      if let failure = attempt.failure { passOver(attempt, failure) }
      _ = steps.popFirst()
      self.attempt = 1
    case .again(let newer):
      try plan.admit(newer)
      let numbers = Set(steps.map(\.outline.number))
      steps = newer.allSteps.filter { numbers.contains($0.outline.number) }[...]
      plan = newer
      self.attempt += 1
      events.receive(
        .stepRetried(
          StepRetry(
            number: attempt.step.outline.number, attempt: self.attempt,
            templateSHA256: newer.templateDigest.hex, steps: newer.outlines)))
    case .giveUp, .keep:
      let aftermath: BuildError.Aftermath = if case .keep = verdict { .keep } else { .usual }
      guard let failure = attempt.failure else {
        let number = attempt.step.outline.number
        throw StoppedByRequest("the build was ended by request after step \(number)", aftermath)
      }
      throw failure.with(aftermath)
    }
  }

  private mutating func passOver(_ attempt: StepAttempt, _ failure: BuildError) {
    let step = attempt.step.outline
    omissions.append(Omission(step, .passedOver))
    events.receive(
      .stepFinished(
        StepResult(
          number: step.number, attempt: attempt.number, name: step.name, type: step.type,
          outcome: .passedOver, exitCode: (failure.cause as? StepFailure)?.exitCode, seconds: 0,
          message: "it failed, and the build goes on without it by request",
          sha256: step.sha256)))
  }
}

/// A customizer of the template that a machine lacks.
public struct Omission: Sendable, Hashable, Codable {
  /// Why it is missing.
  public enum Reason: String, Sendable, Codable {
    /// It was not run, by the user's choice.
    case skipped
    /// It failed, and the user had the build go on.
    case passedOver
  }

  /// Its place in the run, from 1.
  public let number: Int
  /// Its name, or its type where it has none.
  public let name: String
  /// Its type.
  public let type: String
  /// Why it is missing.
  public let reason: Reason

  init(_ step: StepOutline, _ reason: Reason) {
    number = step.number
    name = step.name
    type = step.type
    self.reason = reason
  }
}

/// What a machine went through: the plan as it was at the end, and what of it is missing.
public struct Bake: Sendable {
  /// The plan.
  public let plan: Plan
  /// What of the template the machine lacks, in order; empty where it has all.
  public let omissions: [Omission]

  /// The course that all steps have behind them.
  init(_ course: Course) {
    plan = course.plan
    omissions =
      (course.plan.skipped.map { Omission($0, .skipped) } + course.omissions)
      .sorted { $0.number < $1.number }
  }
}

/// A build was ended by request between its steps, none of which had failed.
public struct StoppedByRequest: Error, Sendable, CustomStringConvertible {
  /// What the user reads.
  public let description: String
  let aftermath: BuildError.Aftermath

  init(_ description: String, _ aftermath: BuildError.Aftermath) {
    self.description = description
    self.aftermath = aftermath
  }
}
