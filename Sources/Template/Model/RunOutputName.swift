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

  /// The name as a file may have it, which no two targets of a template share.
  ///
  /// What a placeholder or an expression holds beside letters, digits, `-`, `_` and `.` becomes `_`.
  public var fileName: String {
    let plain = text.unicodeScalars.prefix(longestResourceName).map { scalar in
      scalar.isASCII && isNameByte(UInt8(scalar.value)) ? Character(scalar) : "_"
    }
    return String(plain)
  }

  /// The same as ``text``.
  public var description: String { text }
}

/// How many characters a name may have, as the API says.
private let longestResourceName = 64

/// Whether `text` matches `^[A-Za-z0-9-_.]{1,64}$`: names of templates and run outputs do.
///
/// `.` and `..` are none, for they are no names in an address or a folder.
func isResourceName(_ text: String) -> Bool {
  1...longestResourceName ~= text.utf8.count && text.utf8.allSatisfy(isNameByte)
    && text != "." && text != ".."
}

private func isNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
  case UInt8(ascii: "0")...UInt8(ascii: "9"): true
  default: "-_.".utf8.contains(byte)
  }
}
