/// One thing that is wrong with a template, or worth knowing about it.
public struct Diagnostic: Hashable, Codable, Sendable {
  /// Whether the template can be used.
  public enum Severity: String, Codable, Sendable {
    /// The template cannot be built.
    case error
    /// The template can be built, but the service or its author may mean something else.
    case warning
  }

  /// Whether this keeps the template from being used.
  public let severity: Severity

  /// What kind of finding it is, for searching and for `docs/diagnostics.md`.
  public let code: Code

  /// What is wrong, without its place.
  public let message: String

  /// Where it stands in the text.
  public let position: SourcePosition

  /// The field, as in `properties.customize[2].scriptUri`; empty for the text as a whole.
  public let path: String

  /// What to do about it, where there is something to do.
  public let hint: String?

  /// Describes one finding.
  public init(
    _ severity: Severity, _ code: Code, _ message: String, at position: SourcePosition,
    path: String,
    hint: String? = nil
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.position = position
    self.path = path
    self.hint = hint
  }

  /// The finding as compilers write it, `file:line:column: error: path: message [code]`, and the
  /// hint on a line of its own.
  ///
  /// The code is last, as with clang, ESLint and ShellCheck: editors that read the output of
  /// compilers know `: error:` and not `: error[code]:`.
  public func rendered(in file: String) -> String {
    let place = "\(file):\(position.line):\(position.column)"
    let subject = path.isEmpty ? "" : "\(printable(path)): "
    let text = "\(place): \(severity.rawValue): \(subject)\(message) [\(code.rawValue)]"
    return hint.map { "\(text)\n  hint: \($0)" } ?? text
  }
}
