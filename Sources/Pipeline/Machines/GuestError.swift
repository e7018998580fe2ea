/// Why something could not be done in a guest.
public struct GuestError: Error, Sendable, Hinting {
  /// What went wrong, for those who decide by it.
  public enum Kind: Sendable, Equatable {
    /// The guest could not be reached, or its user refused, before anything was started there.
    case unreachable
    /// The guest was reached but lacks something that steps need, for example `sudo`.
    case unfit
    /// The job was never started: the guest refused it.
    case notStarted
    /// The guest was out of reach for longer than the SSH timeout while a job may have run.
    case lost
    /// The machine itself is no more.
    case gone
    /// A file could not be placed as asked.
    case notPlaced
  }

  /// What went wrong.
  public let kind: Kind
  /// The sentence for the user: `<what could not be done>: <why>`.
  public let description: String
  /// What to do next, where there is something.
  public let hint: String?

  /// Describes what went wrong.
  public init(_ kind: Kind, _ description: String, hint: String? = nil) {
    self.kind = kind
    self.description = description
    self.hint = hint
  }
}

extension GuestError: CustomStringConvertible {}

/// An error that knows what the user can do next.
public protocol Hinting {
  /// One sentence, without a full stop; `nil` where there is nothing to advise.
  var hint: String? { get }
}
