/// Something that could not be done over WinRM.
public struct WinRMError: Error, Sendable, Hashable {
  /// What went wrong, for callers that act on it.
  public enum Kind: Sendable, Hashable {
    /// No connection came about; nothing was sent.
    case unreachable
    /// The machine showed another certificate than the one that is believed; nothing was sent.
    case certificateRejected
    /// Something answered in place of WinRM, which is not up; nothing was carried out.
    case unavailable
    /// The machine took none of what was offered to log in; nothing was carried out.
    case authenticationFailed
    /// The connection broke, or the machine fell silent, after the request had left: whether it was
    /// carried out is not known.
    case connectionLost
    /// The machine refused the request with a fault.
    case refused
    /// What answered does not speak as Windows does.
    case badAnswer
    /// The request can't be sent as it is; nothing was.
    case badRequest
    /// A file did not arrive as it should; what was there before is untouched.
    case notPlaced
    /// This machine lacks something, for example the library for NTLM.
    case unfit
  }

  /// What went wrong, for callers that act on it.
  public let kind: Kind
  /// What could not be done, as in "could not start a command".
  public let operation: String
  /// Why, with the value that was wrong.
  public let reason: String
  /// What the machine said, where it refused.
  public let fault: WSManFault?
  /// What the user can do next, where there is something.
  public let hint: String?

  /// Makes an error; the texts follow `<what could not be done>: <why>`.
  public init(
    _ kind: Kind, _ operation: String, _ reason: String, fault: WSManFault? = nil,
    hint: String? = nil
  ) {
    self.kind = kind
    self.operation = operation
    self.reason = reason
    self.fault = fault
    self.hint = hint
  }

  /// Whether the machine may have carried the request out all the same.
  public var mayHaveHappened: Bool {
    kind == .connectionLost || kind == .badAnswer || fault?.isTimeout == true
  }
}

extension WinRMError: CustomStringConvertible {
  /// One line: what could not be done, and why.
  public var description: String { "\(operation): \(reason)" }
}
