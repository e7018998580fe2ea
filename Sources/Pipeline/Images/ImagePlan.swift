public import Template

/// How an image is made, decided before anything is touched.
public struct ImagePlan: Sendable {
  /// The image that it starts from, in words: its name, version and file.
  public let source: String
  /// The VM that bakes it, in words: its size.
  public let machine: String
  /// What the distributors are going to make.
  public let outputs: [PlannedOutput]
  /// Which image is validated.
  public let subject: Validation.Subject
  /// What happens when a validator fails.
  public let onFailure: Validation.FailureReaction
  /// When the VM stays after a failure.
  public let retention: Retention

  /// When a VM that failed stays.
  public enum Keeping: Sendable {
    /// Where the template says so.
    case asTheTemplateSays
    /// Always.
    case always
  }

  /// Lays out how an image is made of `template`, from this source, in this VM, as these outputs;
  /// the outputs are left out where the template has its source validated and nothing made.
  public init(
    _ template: ImageTemplate, source: String, machine: String, outputs: [PlannedOutput],
    keeping: Keeping
  ) {
    self.source = source
    self.machine = machine
    subject = template.validation.subject
    self.outputs = subject == .builtImage ? outputs : []
    onFailure = template.validation.onFailure
    let handling = template.errorHandling
    retention =
      switch keeping {
      case .always: Retention(onCustomizerError: .abort, onValidationError: .abort)
      case .asTheTemplateSays:
        Retention(
          onCustomizerError: handling.onCustomizerError,
          onValidationError: handling.onValidationError)
      }
  }
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
