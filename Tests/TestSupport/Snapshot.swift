internal import FoundationEssentials
public import Testing

/// Compares texts that users see with files that reviewers see: `__Snapshots__` beside the test.
///
/// `RECORD=1` in the environment writes the files; the difference is then git's to show.
public struct Snapshot: Sendable {
  /// Replaces what differs from run to run.
  public struct Filter: Sendable {
    let pattern: String
    let replacement: String

    /// A filter that replaces every match of a regular expression, in the syntax of `Regex`.
    public init(_ pattern: String, with replacement: String) {
      self.pattern = pattern
      self.replacement = replacement
    }

    /// Directories that ``ScratchDirectory`` made.
    public static let paths = Filter(#"/[^\s:'"]*/kiln-test-\w{6}"#, with: "<scratch>")
    /// UUIDs.
    public static let ids = Filter(
      #"(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"#, with: "<id>")
    /// Dates with times as in RFC 3339.
    public static let times = Filter(
      #"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"#, with: "<time>")
    /// Spans of time such as `0.31 s`, `12ms` and `2m4s`.
    public static let durations = Filter(
      #"\b\d+(\.\d+)? ?(ms|s|min|m|h)(\d+s)?\b"#, with: "<duration>")
    /// Ports of the loopback.
    public static let ports = Filter(#"(127\.0\.0\.1|\[::1\]|localhost):\d+"#, with: "$1:<port>")
  }

  private let filters: [Filter]

  /// A comparison that does not see what the filters replace, which happens in their order.
  public init(_ filters: [Filter] = [.paths, .ids, .times, .ports]) {
    self.filters = filters
  }

  /// Records an issue with the difference where `text`, filtered, is not what the file has.
  ///
  /// The file is `name` with `.txt`; the test target excludes the folder in `Package.swift`.
  public func expect(
    _ text: String, matches name: String, file: String = #filePath,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let folder =
      file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/") + "/__Snapshots__"
    let path = "\(folder)/\(name).txt"
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(filtered(text).utf8).write(to: URL(filePath: path))
    } else if let problem = try problem(with: text, at: path) {
      Issue.record(Comment(rawValue: problem), sourceLocation: sourceLocation)
    }
  }

  /// What is wrong with a text whose snapshot is the file at `path`; `nil` for nothing.
  func problem(with text: String, at path: String) throws -> String? {
    guard FileManager.default.fileExists(atPath: path) else {
      return "there is no snapshot \(path): run the test with RECORD=1, then read the file"
    }
    let expected = try String(contentsOfFile: path, encoding: .utf8)
    let actual = try filtered(text)
    guard actual != expected else { return nil }
    return "the text differs from \(path) (RECORD=1 accepts it):\n"
      + difference(expected, actual)
  }

  func filtered(_ text: String) throws -> String {
    try filters.reduce(text) { text, filter in
      let regex = try Regex(filter.pattern)
      return text.replacing(regex) { match in
        let first = match.count > 1 ? match[1].substring.map(String.init) : nil
        return filter.replacement.replacing("$1", with: first ?? "")
      }
    }
  }

  /// The lines that only one of the texts has, as `diff` marks them.
  private func difference(_ expected: String, _ actual: String) -> String {
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let new = actual.split(separator: "\n", omittingEmptySubsequences: false)
    return new.difference(from: old).map { change in
      switch change {
      case .remove(let line, let text, _): "-\(line + 1): \(text)"
      case .insert(let line, let text, _): "+\(line + 1): \(text)"
      }
    }
    .joined(separator: "\n")
  }
}
