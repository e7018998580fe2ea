public import Template

/// One thing to know about an import: what is wrong, what is lost, what is done otherwise.
public struct Remark: Hashable, Codable, Sendable {
  /// What a remark means for the result.
  public enum Kind: String, Codable, Sendable {
    /// There is no result.
    case error
    /// The result does not do what Packer would have done here.
    case loss
    /// The result does not say it, and need not.
    case note
  }

  /// What this means for the result.
  public let kind: Kind

  /// What it is, without its place.
  public let message: String

  /// The file that it stands in.
  public let file: String

  /// Where it stands in that file.
  public let position: SourcePosition

  /// What to do about it, where there is something to do.
  public let hint: String?

  init(_ kind: Kind, _ message: String, at place: Place, hint: String? = nil) {
    self.kind = kind
    self.message = printable(message)
    file = place.file
    position = place.position
    self.hint = hint.map(printable)
  }

  /// The remark as compilers write it, `file:line:column: loss: message`, and the hint on a line
  /// of its own.
  public var rendered: String {
    let text =
      "\(printable(file)):\(position.line):\(position.column): \(kind.rawValue): \(message)"
    return hint.map { "\(text)\n  hint: \($0)" } ?? text
  }
}

/// A place in one of the files of an import.
struct Place: Hashable, Sendable {
  let file: String
  let position: SourcePosition
}
