/// A place in a template's text.
public struct SourcePosition: Hashable, Comparable, Codable, Sendable {
  /// The line, from 1; a line ends at a line feed.
  public let line: Int

  /// The column, from 1, counted in Unicode scalars; a tab counts as one, a byte order mark as none.
  public let column: Int

  /// Names the place at `line` and `column`, both from 1.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// Where a document starts.
  public static let start = SourcePosition(line: 1, column: 1)

  /// Orders places as they are read.
  public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}
