/// What a run's end means for the user: the state, the chain of errors, and the exit code.
public enum RunEnding {
  /// How a run ended that threw `error`, or nothing; `stop` is the exit code of the signal that
  /// stopped it, where one did.
  public static func result(
    of error: (any Error)?, after elapsed: Duration, stoppedBy stop: KilnExit?
  ) -> RunResult {
    guard let error else {
      return RunResult(
        state: .succeeded, seconds: elapsed.seconds, errors: [], hint: nil,
        exitCode: KilnExit.succeeded.rawValue)
    }
    let exit = exit(for: error, stop)
    let isRequest = error is StoppedByRequest
    let canceled = exit == .interrupted || exit == .terminated || isRequest
    let partial = (error as? DistributionError)?.isPartial ?? false
    return RunResult(
      state: canceled ? .canceled : partial ? .partiallySucceeded : .failed,
      seconds: elapsed.seconds,
      errors: canceled && !isRequest ? ["the build was stopped by request"] : chain(error),
      hint: canceled ? nil : hint(error), exitCode: exit.rawValue)
  }

  /// The exit code for an error (DESIGN 5): the one place that decides it.
  public static func exit(for error: any Error, _ stop: KilnExit?) -> KilnExit {
    switch error {
    case is CancellationError: stop ?? .terminated
    case is DeadlineExceeded: .timedOut
    case let error as BuildError: exit(for: error.cause, stop)
    case let error as Unreleased: exit(for: error.cause, stop)
    case let error as DistributionError: error.isPartial ? .partiallySucceeded : .failed
    case is SelectionError: .usage
    case let error as PlanProblems: error.kind == .template ? .usage : .failed
    case let error as GuestError:
      switch error.kind {
      case .unreachable, .unfit, .lost, .gone: .unreachable
      case .notStarted, .notPlaced: .failed
      }
    case let error as MachineError: error.kind == .notGeneralized ? .failed : .unreachable
    case is any ProviderFailure: .unreachable
    default: .failed
    }
  }

  /// The error in lines, outermost first: each line covers its own level only.
  public static func chain(_ error: any Error) -> [String] {
    switch error {
    case let error as BuildError:
      [error.description]
        + (error.cause is StepFailure && error.exitCode != nil ? [] : [error.reason])
    case let error as Unreleased:
      chain(error.cause) + ["and what was left could not be cleaned up: \(error.leftover)"]
    case let error as DistributionError: [error.description, "\(error.cause)"]
    case let error as DistributedInvalid: [error.description] + chain(error.cause)
    default: ["\(error)"]
    }
  }

  private static func hint(_ error: any Error) -> String? {
    switch error {
    case let error as Unreleased: hint(error.cause)
    case is DeadlineExceeded: "raise buildTimeoutInMinutes in the template; 960 is the most"
    default: (error as? any Hinting)?.hint
    }
  }
}

extension BuildError {
  fileprivate var exitCode: Int32? { (cause as? StepFailure)?.exitCode }
}

extension RunRecord {
  /// The record of a run whose process is gone, closed at `time` by whoever cleaned up after it.
  public func closed(at time: Timestamp) -> RunRecord {
    var record = self
    record.lastRunStatus.endTime = time
    record.lastRunStatus.runState = .failed
    record.lastRunStatus.runSubState = nil
    record.lastRunStatus.message = "kiln ended before the build did; `kiln gc` cleaned up"
    record.errors = [record.lastRunStatus.message]
    record.exitCode = KilnExit.failed.rawValue
    return record
  }
}
