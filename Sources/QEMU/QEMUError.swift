internal import Glibc

/// Something that could not be done with a virtual machine.
public struct QEMUError: Error, Sendable, Hashable {
  /// What went wrong, for callers that act on it.
  public enum Kind: Sendable, Hashable {
    /// A program or a firmware file is not installed.
    case missing
    /// The description of the machine can't be used.
    case badSpec
    /// A file or a directory could not be read or written.
    case file
    /// The host has too little memory or disk for the machine.
    case hostTooSmall
    /// The machine did not start.
    case startFailed
    /// QEMU refused a command; its own class and words.
    case refused(QMPError)
    /// QEMU did not answer in time.
    case noAnswer
    /// QEMU sent something that QMP does not allow.
    case protocolViolation
    /// QEMU is gone, so it can't be asked any more.
    case ended
  }

  /// What went wrong, for callers that act on it.
  public let kind: Kind
  /// What could not be done, as in "could not start the virtual machine `build`".
  public let operation: String
  /// Why, with the value that was wrong.
  public let reason: String
  /// What the user can do next, where there is something.
  public let hint: String?

  /// Makes an error; the texts follow `<what could not be done>: <why>`.
  public init(_ kind: Kind, _ operation: String, _ reason: String, hint: String? = nil) {
    self.kind = kind
    self.operation = operation
    self.reason = reason
    self.hint = hint
  }

  /// The system refused an operation on a file.
  static func file(_ operation: String, _ code: Int32) -> QEMUError {
    let hint =
      switch code {
      case ENOSPC: "free some disk space"
      case EACCES, EPERM: "check who owns it and its mode"
      default: String?.none
      }
    return QEMUError(.file, "could not \(operation)", systemText(code), hint: hint)
  }
}

extension QEMUError: CustomStringConvertible {
  /// One line: what could not be done, and why.
  public var description: String { "\(operation): \(reason)" }
}

/// QEMU's own refusal of a command.
public struct QMPError: Error, Sendable, Hashable {
  /// QEMU's class of the error, such as `GenericError` or `CommandNotFound`.
  public let errorClass: String
  /// QEMU's words.
  public let text: String
}

/// The system's text for an `errno`, as it stands inside a sentence.
func systemText(_ code: Int32) -> String {
  let text = String(cString: strerror(code))
  return text.prefix(1).lowercased() + text.dropFirst()
}
