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

  /// That Azure Image Builder refuses the template for this; `nil` where it does not, or where
  /// that is not known.
  public let refusal: Refusal?

  /// What Azure Image Builder says when it refuses a template.
  public struct Refusal: Hashable, Codable, Sendable {
    /// Its own words; `nil` where no public source shows them.
    public let wording: String?
  }

  /// Describes one finding.
  public init(
    _ severity: Severity, _ code: Code, _ message: String, at position: SourcePosition,
    path: String, hint: String? = nil, refusal: Refusal? = nil
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.position = position
    self.path = path
    self.hint = hint
    self.refusal = refusal
  }

  /// The finding as compilers write it, `file:line:column: error: path: message [code]`, and the
  /// hint on a line of its own.
  ///
  /// The code is last, as with clang, ESLint and ShellCheck: editors that read the output of
  /// compilers know `: error:` and not `: error[code]:`.
  public func rendered(in file: String) -> String {
    let place = place(in: file)
    let text = "\(place): \(severity.rawValue): \(subject)\(message) [\(code.rawValue)]"
    return hint.map { "\(text)\n  hint: \($0)" } ?? text
  }

  /// The same as Azure Image Builder would have it, in its own words where they are known; `nil`
  /// where it says nothing.
  public func renderedAsService(in file: String) -> String? {
    guard severity == .error || refusal != nil else { return nil }
    let text =
      refusal?.wording
      ?? "\(subject)\(message) (the service refuses this; its words for it are not public)"
    return "\(place(in: file)): error: \(text) [\(code.rawValue)]"
  }

  /// The path, as far as anybody reads it: keys of hostile documents have no end.
  private var subject: String {
    let shown = beginning(of: path)
    let cut = shown.utf8.count < path.utf8.count
    return path.isEmpty ? "" : "\(printable(shown))\(cut ? "…" : ""): "
  }

  private func place(in file: String) -> String {
    "\(file):\(position.line):\(position.column)"
  }
}
