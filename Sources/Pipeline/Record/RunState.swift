/// The state of a run, in the words of AIB's `lastRunStatus.runState` (`aib.md` b.1).
public enum RunState: String, Sendable, Codable, CaseIterable {
  /// It goes on.
  case running = "Running"
  /// It was asked to stop and cleans up.
  case canceling = "Canceling"
  /// All of it was done.
  case succeeded = "Succeeded"
  /// Some distributors made their run output, others failed.
  case partiallySucceeded = "PartiallySucceeded"
  /// It ended with an error.
  case failed = "Failed"
  /// It was stopped by request.
  case canceled = "Canceled"

  /// Whether nothing more happens in this state.
  public var isFinal: Bool { self != .running && self != .canceling }
}

/// What a running run is at, in the words of AIB's `lastRunStatus.runSubState` (`aib.md` b.1).
public enum RunSubState: String, Sendable, Codable, CaseIterable {
  /// It waits for its turn.
  case queued = "Queued"
  /// The machine is made ready and reached.
  case building = "Building"
  /// The customizers run.
  case customizing = "Customizing"
  /// The image is optimized.
  case optimizing = "Optimizing"
  /// The image is validated.
  case validating = "Validating"
  /// The image is distributed.
  case distributing = "Distributing"
}
