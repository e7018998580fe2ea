/// The jobs that come right after another, whose scripts can be on their way while that one runs.
///
/// Whatever must come in between is no part of it: a file that is placed next may arrive after they
/// have begun.
public enum JobsAhead: Sendable {
  /// Each may start as soon as the one before it has ended with 0.
  case started([GuestJob])
  /// None may start before it is asked for.
  case sent([GuestJob])

  /// Nothing comes after it that is known already.
  public static let none = JobsAhead.sent([])

  /// The jobs, in order.
  public var jobs: [GuestJob] {
    switch self {
    case .started(let jobs), .sent(let jobs): jobs
    }
  }
}
