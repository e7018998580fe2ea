/// A Windows machine: beside jobs, it can be asked in which start it is, and be given a command that
/// may end it.
public protocol WindowsGuest: Guest {
  /// The boot identity as it is now, by one try; `nil` where the machine can't be asked.
  /// - Throws: ``GuestError`` where it never can again; `CancellationError`.
  func bootIdentity() async throws -> String?

  /// Runs a command line by `cmd`, beside all jobs and at most once, and reports its output.
  ///
  /// It is no job: what it does is seen by the machine's state, not by its end.
  /// - Returns: its exit code; `nil` where the connection broke after it was sent.
  /// - Throws: ``GuestError`` where it could not be sent; `CancellationError`.
  func command(_ line: String, report: @escaping GuestReport) async throws -> UInt32?
}

/// Which errors of a PowerShell script fail its step.
public enum PowerShellStrictness: String, Sendable, CaseIterable {
  /// Those that fail it in the service: an exit code alone decides (`aib.md` c.3).
  case compatible
  /// All: an error that the script does not handle ends it with 1.
  case strict
}

/// What kind of system a machine runs, by which steps are laid out.
public enum GuestSystem: Sendable, Equatable {
  /// Linux, by a POSIX shell.
  case posix
  /// Windows, by PowerShell.
  case windows
}
