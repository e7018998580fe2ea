/// The diagnostics of one reading, gathered as it goes.
package struct Findings {
  /// How many errors, and how many warnings, are kept; more help nobody.
  static let limit = 500

  private var errors: [Diagnostic] = []
  private var warnings: [Diagnostic] = []
  private var dropped = 0
  private(set) var mends: [Mend] = []

  package init() {}

  /// Whether the template cannot be used.
  package var hasErrors: Bool { !errors.isEmpty }

  /// All that was found, in the order of the text, errors before warnings of the same place.
  package var sorted: [Diagnostic] {
    var all = (errors + warnings).enumerated().sorted { left, right in
      (left.element.position, left.offset) < (right.element.position, right.offset)
    }.map(\.element)
    if dropped > 0, let last = all.last {
      all.append(
        Diagnostic(
          .warning, .more, "\(dropped) more findings are not shown", at: last.position, path: ""))
    }
    return all
  }

  /// Whether one more of this severity would be kept: no need to find out more about it if not.
  func hasRoom(for severity: Diagnostic.Severity) -> Bool {
    (severity == .error ? errors : warnings).count < Self.limit
  }

  mutating func add(_ diagnostic: Diagnostic) {
    switch diagnostic.severity {
    case .error where errors.count < Self.limit: errors.append(diagnostic)
    case .warning where warnings.count < Self.limit: warnings.append(diagnostic)
    case .error, .warning: dropped += 1
    }
  }

  /// Counts a finding that is not kept.
  mutating func drop() {
    dropped += 1
  }

  mutating func add(_ others: Findings) {
    for diagnostic in others.errors + others.warnings { add(diagnostic) }
    dropped += others.dropped
    mends += others.mends
  }

  /// Notes that what stands at `position` can be mended.
  mutating func mend(_ change: Mend.Change, at position: SourcePosition) {
    guard mends.count < Self.limit else { return }
    mends.append(Mend(position: position, change: change))
  }

  package mutating func fail(
    _ code: Diagnostic.Code, _ message: String, at position: SourcePosition, path: String,
    hint: String? = nil
  ) {
    add(Diagnostic(.error, code, message, at: position, path: path, hint: hint))
  }

  package mutating func warn(
    _ code: Diagnostic.Code, _ message: String, at position: SourcePosition, path: String,
    hint: String? = nil
  ) {
    add(Diagnostic(.warning, code, message, at: position, path: path, hint: hint))
  }
}
