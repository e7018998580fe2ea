/// The name of a run output: `^[A-Za-z0-9-_.]{1,64}$`, as the API says.
public struct RunOutputName: Hashable, Sendable, CustomStringConvertible {
  /// The name.
  public let text: String

  /// Takes a name of 1 to 64 letters, digits, `-`, `_` and `.`; `nil` for anything else.
  public init?(_ text: String) {
    guard isResourceName(text) else { return nil }
    self.text = text
  }

  /// Takes a name that still holds a `<placeholder>` or an expression.
  init(unresolved text: String) {
    self.text = text
  }

  /// The same as ``text``.
  public var description: String { text }
}

/// Whether `text` matches `^[A-Za-z0-9-_.]{1,64}$`: names of templates and run outputs do.
func isResourceName(_ text: String) -> Bool {
  1...64 ~= text.utf8.count
    && text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: "-_.".utf8.contains(byte)
      }
    }
}
