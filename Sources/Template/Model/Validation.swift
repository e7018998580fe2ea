/// How the result of a build is tested.
public struct Validation: Hashable, Sendable {
  /// What is tested.
  public enum Subject: Hashable, Sendable {
    /// The image that was built: the default.
    case builtImage
    /// The source, without a build (`sourceValidationOnly`).
    case sourceImage
  }

  /// What a failed test leads to; the run has failed in both cases.
  public enum FailureReaction: Hashable, Sendable {
    /// Nothing is distributed: the default.
    case stop
    /// The image is distributed all the same (`continueDistributeOnFailure`).
    case distribute
  }

  /// What is tested.
  public let subject: Subject

  /// What a failed test leads to.
  public let onFailure: FailureReaction

  /// The tests, in order; only Shell, PowerShell and File steps exist here.
  public let validators: [Customizer]

  /// No validation.
  static let none = Validation(subject: .builtImage, onFailure: .stop, validators: [])
}
