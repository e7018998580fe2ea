/// The exit codes of `kiln` (DESIGN 5).
public enum KilnExit: Int32, Sendable, CaseIterable {
  /// All was done.
  case succeeded = 0
  /// The build failed, or what was asked for could not be done.
  case failed = 1
  /// The command line was wrong, or the template is invalid.
  case usage = 2
  /// Some distributors made their run output, others failed.
  case partiallySucceeded = 3
  /// The provider or the connection to the machine failed.
  case unreachable = 4
  /// A deadline passed.
  case timedOut = 5
  /// It was stopped by SIGINT, as a shell reports it.
  case interrupted = 130
  /// It was stopped by SIGTERM, as a shell reports it.
  case terminated = 143
}
