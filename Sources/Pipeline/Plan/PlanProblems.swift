public import Template

/// All that keeps a template from being built here, told at once.
public struct PlanProblems: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is; it decides the exit code.
  public enum Kind: Sendable {
    /// The template asks for something that can't be done here.
    case template
    /// A script or file could not be had, or isn't the one that the template means.
    case fetch
  }

  /// What kind of trouble it is.
  public let kind: Kind
  /// The template's file, as the user named it.
  public let file: String
  /// Each problem with its place.
  public let diagnostics: [Diagnostic]

  /// Puts the problems together.
  public init(_ kind: Kind, in file: String, _ diagnostics: [Diagnostic]) {
    self.kind = kind
    self.file = file
    self.diagnostics = diagnostics
  }

  /// The problems, each as compilers write them.
  public var description: String {
    diagnostics.map { $0.rendered(in: file) }.joined(separator: "\n")
  }
}
