public import Template

/// How an image is made, decided before anything is touched.
public struct ImagePlan: Sendable {
  /// The image that it starts from, in words: its name, version and file.
  public let source: String
  /// The VM that bakes it, in words: its size.
  public let machine: String
  /// What the distributors are going to make.
  public let outputs: [PlannedOutput]
  /// The scripts and files that prove the image in a fresh VM, in order.
  public let validators: [Step]
  /// Which image they prove.
  public let subject: Validation.Subject
  /// What happens when one of them fails.
  public let onFailure: Validation.FailureReaction
  /// When the VM stays after a failure.
  public let retention: Retention
}

/// When a VM stays after its build.
public struct Retention: Sendable, Equatable {
  /// After a customizer failed.
  public var onCustomizerError: ErrorHandling.Reaction
  /// After a validator failed.
  public var onValidationError: ErrorHandling.Reaction

  /// Says when.
  public init(
    onCustomizerError: ErrorHandling.Reaction, onValidationError: ErrorHandling.Reaction
  ) {
    self.onCustomizerError = onCustomizerError
    self.onValidationError = onValidationError
  }
}
