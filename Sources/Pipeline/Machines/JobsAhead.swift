/// The jobs that come right after another, whose scripts can be on their way while that one runs.
///
/// Whatever must come in between is no part of it: a file that is placed next may arrive after they
/// have begun.
public struct JobsAhead: Sendable {
  /// Each may start as soon as the one before it has ended with 0.
  public var started: [GuestJob]
  /// None may start before it is asked for; they come after those that may.
  public var sent: [GuestJob]
  /// The one that generalizes the machine, where it comes after all these.
  public var generalizing: GuestJob?

  /// Puts them together.
  public init(
    started: [GuestJob] = [], sent: [GuestJob] = [], generalizing: GuestJob? = nil
  ) {
    self.started = started
    self.sent = sent
    self.generalizing = generalizing
  }

  /// Nothing comes after it that is known already.
  public static let none = JobsAhead()

  /// These, each of which may start by itself.
  public static func started(_ jobs: [GuestJob]) -> JobsAhead { JobsAhead(started: jobs) }

  /// These, none of which may start by itself.
  public static func sent(_ jobs: [GuestJob]) -> JobsAhead { JobsAhead(sent: jobs) }
}
