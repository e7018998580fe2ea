/// Why a VM could not be had, or did not do what it should.
public struct MachineError: Error, Sendable, Hinting, CustomStringConvertible {
  /// What went wrong, for those who decide by it.
  public enum Kind: Sendable, Equatable {
    /// The VM could not be started.
    case unavailable
    /// The VM ended before its time.
    case died
    /// The VM's disk is not proved to be generalized.
    case notGeneralized
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

/// The provider of a machine refused something, or could not be reached: for errors of modules that
/// the pipeline does not see.
public protocol ProviderFailure: Error {}
