internal import Glibc

/// Why the record of a run could not be kept or read.
public struct RecordError: Error, Sendable, Equatable, Hinting, CustomStringConvertible {
  /// What went wrong, for those who decide by it.
  public enum Kind: Sendable, Equatable {
    /// The file system refused.
    case file
    /// A file holds something that Kiln did not write.
    case damaged
    /// No run has the name that was given.
    case unknownRun
    /// More than one run has the name that was given.
    case ambiguousRun
    /// The environment does not say where records belong.
    case nowhere
  }

  /// What went wrong.
  public let kind: Kind
  /// The sentence for the user: `<what could not be done>: <why>`.
  public let description: String
  /// What to do next, where there is something.
  public let hint: String?

  /// Describes what went wrong.
  public init(_ kind: Kind, _ description: String, hint: String? = nil) {
    self.kind = kind
    self.description = description
    self.hint = hint
  }

  /// The file system's refusal of `what`, with the text of `code`, an `errno`.
  static func refused(_ what: String, _ code: CInt) -> RecordError {
    RecordError(
      .file, "could not \(what): \(String(cString: strerror(code)))",
      hint: code == ENOSPC ? "free some space and run it again" : nil)
  }
}
