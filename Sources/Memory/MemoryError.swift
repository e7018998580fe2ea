internal import Glibc

/// What went wrong with the memory of a kept state.
public struct MemoryError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of it.
  public enum Kind: Sendable, Hashable {
    /// A file could not be read or written, with the system's code.
    case file(Int32)
    /// A file is not what was written.
    case damaged
  }

  /// Which kind it is.
  public let kind: Kind
  /// What was tried, as the end of "could not".
  public let operation: String
  /// Why it did not work.
  public let reason: String

  /// In a sentence.
  public var description: String { "could not \(operation): \(reason)" }

  static func file(_ operation: String, _ code: Int32) -> MemoryError {
    MemoryError(kind: .file(code), operation: operation, reason: String(cString: strerror(code)))
  }

  static func damaged(_ path: String, _ reason: String) -> MemoryError {
    MemoryError(kind: .damaged, operation: "read `\(path)`", reason: reason)
  }
}
