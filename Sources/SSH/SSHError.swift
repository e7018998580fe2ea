/// Something that could not be done over SSH.
public struct SSHError: Error, Sendable, Hashable {
  /// What went wrong, for callers that act on it.
  public enum Kind: Sendable, Hashable {
    /// No address of the host took the connection.
    case unreachable
    /// The connection was not ready within ``SSHOptions/connectTimeout``.
    case connectTimedOut
    /// The two sides did not agree on how to talk.
    case handshakeFailed
    /// No `known_hosts` file has a key of this host.
    case hostKeyUnknown
    /// The host showed another key than the one that is known.
    case hostKeyChanged
    /// A `known_hosts` file marks the key that the host showed as `@revoked`.
    case hostKeyRevoked
    /// The server took none of the keys and passwords that were offered.
    case authenticationFailed
    /// The connection broke, or the other side fell silent.
    case connectionLost
    /// The connection was closed on this side before.
    case closed
    /// The server refused the channel or the command.
    case channelRefused
    /// The channel takes no more input.
    case channelClosed
    /// The other side sent something that SSH does not allow.
    case protocolViolation
    /// An option, a key file or a configuration file can't be used.
    case badConfiguration
  }

  /// What went wrong, for callers that act on it.
  public let kind: Kind
  /// What could not be done, as in "could not connect to alice@build:22".
  public let operation: String
  /// Why, with the value that was wrong.
  public let reason: String
  /// The code of libssh2 or the system's `errno`, where one was given.
  public let code: Int32?
  /// What the user can do next, where there is something.
  public let hint: String?

  /// Makes an error; the texts follow `<what could not be done>: <why>`.
  public init(
    _ kind: Kind, _ operation: String, _ reason: String, code: Int32? = nil, hint: String? = nil
  ) {
    self.kind = kind
    self.operation = operation
    self.reason = reason
    self.code = code
    self.hint = hint
  }
}

extension SSHError: CustomStringConvertible {
  /// One line: what could not be done, and why.
  public var description: String { "\(operation): \(reason)" }
}
