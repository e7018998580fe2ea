/// A password: prints as `***`.
public struct WinRMPassword: Sendable {
  /// The UTF-8 bytes.
  let bytes: [UInt8]

  /// Keeps the UTF-8 bytes of `text`.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// Lends the bytes with a zero after them for the duration of `body`.
  ///
  /// gss-ntlmssp 1.2 reads on to a zero, whatever length it was given.
  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    let text = bytes.map { CChar(bitPattern: $0) } + [0]
    return text.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return "".withCString(body) }
      return body(start)
    }
  }
}

extension WinRMPassword: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always `***`.
  public var description: String { "***" }
  /// Always `***`.
  public var debugDescription: String { "***" }
  /// Nothing to look into.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Who logs in, and how.
public struct WinRMCredentials: Sendable {
  /// The user: `name`, `domain\name` or `name@domain`.
  public var user: String
  /// The user's password.
  public var password: WinRMPassword
  /// How it is proved.
  public var scheme: Scheme

  /// How a user proves who they are.
  public enum Scheme: Sendable, Hashable {
    /// By name and password as they are; only through TLS. Azure's images refuse it.
    case basic
    /// By NTLM, tied to the TLS connection; messages are sealed where there is no TLS.
    case negotiate(NegotiateScheme)
  }

  /// Puts credentials together; NTLM as it is, which is what all of Windows accepts.
  public init(
    user: String, password: WinRMPassword, scheme: Scheme = .negotiate(.ntlm)
  ) {
    self.user = user
    self.password = password
    self.scheme = scheme
  }
}

/// What the tokens of a negotiated login are.
public enum NegotiateScheme: Sendable, Hashable {
  /// Messages of NTLM as they are.
  case ntlm
  /// Messages of SPNEGO, with NTLM as the only choice.
  case spnego
}
