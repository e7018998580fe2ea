/// What is kept of a run in `run.json`.
public struct RunRecord: Sendable, Codable {
  /// The run's name.
  public var run: RunID
  /// The template's file, as the user named it.
  public var template: String
  /// The checksum of the template's bytes, as 64 hexadecimal digits.
  public var templateSHA256: String
  /// Where it bakes, as the user named it: `ssh://me@host`.
  public var on: String
  /// The process that bakes.
  public var process: ProcessIdentity
  /// How it stands, in AIB's shape.
  public var lastRunStatus: RunStatus
  /// Its steps in order.
  public var steps: [StepOutline]
  /// How those steps ended that did, each attempt by itself.
  public var results: [StepResult] = []
  /// What the distributors made, or why they did not.
  public var outputs: [OutputResult]?
  /// The machine that was reached.
  public var machine: String?
  /// What the guest said of itself.
  public var guest: GuestFacts?
  /// What went wrong, a line for each level of the error.
  public var errors: [String] = []
  /// What to do next, where there is something.
  public var hint: String?
  /// The exit code of `kiln`, once it is known.
  public var exitCode: Int32?

  /// The record of a run that begins at `start`.
  public init(
    run: RunID, template: String, templateSHA256: String, on: String, process: ProcessIdentity,
    steps: [StepOutline], start: Timestamp
  ) {
    self.run = run
    self.template = template
    self.templateSHA256 = templateSHA256
    self.on = on
    self.process = process
    self.steps = steps
    lastRunStatus = RunStatus(startTime: start)
  }
}

/// How a run stands, in the shape of AIB's `lastRunStatus` (`aib.md` b.1).
public struct RunStatus: Sendable, Hashable, Codable {
  /// When it began.
  public var startTime: Timestamp
  /// When it ended; ``Timestamp/never`` while it runs.
  public var endTime = Timestamp.never
  /// The state.
  public var runState = RunState.running
  /// What it is at; `nil` once it has ended.
  public var runSubState: RunSubState? = .queued
  /// What went wrong; empty where nothing did.
  public var message = ""

  /// The status of a run that begins at `startTime`.
  public init(startTime: Timestamp) { self.startTime = startTime }

  /// How long it took, or has taken until `now`.
  public func elapsed(now: Timestamp) -> Duration {
    (endTime == .never ? now : endTime).since(startTime)
  }
}

extension RunRecord {
  /// Takes in what `event` tells, at the moment given.
  /// - Returns: whether the record is another one now.
  mutating func apply(_ event: BuildEvent, at time: Timestamp) -> RecordChange {
    switch event {
    case .phase(let phase):
      lastRunStatus.runSubState = phase
    case .connected(let machine, let facts, _):
      self.machine = machine
      guest = facts
    case .stepFinished(let result):
      results.removeAll { $0.number == result.number && $0.attempt == result.attempt }
      results.append(result)
    case .stepRetried(let retry):
      templateSHA256 = retry.templateSHA256
      steps = retry.steps
    case .outputFinished(let result):
      outputs = ((outputs ?? []) + [result]).sorted { $0.planned.index < $1.planned.index }
    case .canceling:
      lastRunStatus.runState = .canceling
    case .runFinished(let result):
      lastRunStatus.runState = result.state
      lastRunStatus.runSubState = nil
      lastRunStatus.endTime = time
      lastRunStatus.message = result.errors.joined(separator: ": ")
      errors = result.errors
      hint = result.hint
      exitCode = result.exitCode
    default:
      return .none
    }
    return .changed
  }
}

/// Whether an event changed a record.
enum RecordChange { case none, changed }
