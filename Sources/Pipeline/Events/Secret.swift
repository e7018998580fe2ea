/// A value that nobody may read in a log or an error: it prints as `***`.
public struct Secret: Sendable, Hashable {
  /// The value itself; hand it only to what needs it.
  public let revealed: String

  /// Marks `value` as secret.
  public init(_ value: String) { revealed = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Three stars.
  public var description: String { "***" }
  /// Three stars.
  public var debugDescription: String { "***" }
  /// Nothing, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
