/// One step's turn: announced, timed, noted in the journal, and named when it fails.
struct StepRun {
  private let step: StepOutline
  private let job: String
  private let attempt: Int
  private let count: Int
  private let events: any EventSink
  private let journal: Journal

  init(
    _ step: Step, attempt: Int, _ count: Int, _ events: any EventSink, _ journal: Journal
  ) {
    self.step = step.outline
    job = step.id
    self.attempt = attempt
    self.count = count
    self.events = events
    self.journal = journal
  }

  func run(_ body: () async throws -> StepEnd) async throws -> StepEnd {
    try await journal.stepStarted(step.number, job: job)
    events.receive(.stepStarted(step))
    let start = ContinuousClock.now
    do {
      let end = try await body()
      try await finish(end.outcome, end.exitCode, since: start, nil)
      return end
    } catch {
      let failure = BuildError(step, of: count, cause: error)
      try await finish(
        failure.outcome, (error as? StepFailure)?.exitCode, since: start, "\(failure.reason)")
      if error is CancellationError { throw error }
      throw failure
    }
  }

  private func finish(
    _ outcome: StepOutcome, _ exitCode: Int32?, since start: ContinuousClock.Instant,
    _ message: String?
  ) async throws {
    try await journal.stepFinished(
      step.number, job: job, outcome: outcome, exitCode: exitCode)
    events.receive(
      .stepFinished(
        StepResult(
          number: step.number, attempt: attempt, name: step.name, type: step.type, outcome: outcome,
          exitCode: exitCode, seconds: (ContinuousClock.now - start).seconds, message: message,
          sha256: step.sha256)))
  }
}

/// A build ended because of one of its steps.
public struct BuildError: Error, Sendable, Hinting, CustomStringConvertible {
  /// The step.
  public let step: StepOutline
  /// How many steps there are.
  public let count: Int
  /// Why.
  public let cause: any Error
  /// What becomes of the machine.
  private(set) var aftermath = Aftermath.usual

  /// What becomes of a machine after a failure.
  enum Aftermath { case usual, keep }

  init(_ step: StepOutline, of count: Int, cause: any Error) {
    self.step = step
    self.count = count
    self.cause = cause
  }

  /// The same failure with another end for the machine.
  func with(_ aftermath: Aftermath) -> BuildError {
    var error = self
    error.aftermath = aftermath
    return error
  }

  /// Whether the step ended in a way after which it can run once more: it is known what became of
  /// it, and the machine is there.
  var isKnown: Bool {
    switch cause {
    case is StepFailure: true
    case let error as GuestError: error.kind == .notStarted || error.kind == .notPlaced
    default: false
    }
  }

  /// Which step it was, and where it stands in the template.
  public var description: String {
    let place = step.position.map { " (\($0))" } ?? ""
    let title = step.name == step.type ? step.type : "\(step.type) \"\(step.name)\""
    return "step \(step.number) of \(count), \(title), \(verb)\(place)"
  }

  /// Why, in a sentence.
  public var reason: String { "\(cause)" }

  /// What to do next, where there is something.
  public var hint: String? { (cause as? any Hinting)?.hint }

  /// The word for how the step ended.
  public var outcome: StepOutcome {
    switch cause {
    case is CancellationError: .canceled
    case let error as GuestError where error.kind == .lost: .lost
    default: .failed
    }
  }

  private var verb: String {
    switch outcome {
    case .lost: "was lost"
    case .canceled: "was stopped"
    default: (cause as? StepFailure)?.exitCode.map { "failed with exit code \($0)" } ?? "failed"
    }
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
