public import Digests

/// An exchange or a download that failed.
///
/// No text of it holds a password, a SAS token or any other
/// value of a query.
public struct HTTPError: Error, Sendable, Equatable {
  /// What was tried.
  public enum Operation: Sendable, Equatable {
    /// One request.
    case request(HTTPRequest.Method)
    /// The download of a file, or its copy from a mirror on this machine.
    case download
  }

  /// What could not be done.
  public let operation: Operation
  /// The address, without secrets.
  public let url: String
  /// Why it could not.
  public let reason: Reason
  /// How long the server asked to wait before the next try (`Retry-After`).
  public let retryAfter: Duration?
  /// How often it was tried.
  public internal(set) var tries = 1

  /// A failure; `url` is given as it is and kept without its secrets.
  init(_ operation: Operation, _ url: String, _ reason: Reason, retryAfter: Duration? = nil) {
    self.operation = operation
    self.url = redacted(url: url)
    self.reason = reason
    self.retryAfter = retryAfter
  }
}

extension HTTPError {
  /// Why an exchange failed.
  public enum Reason: Error, Equatable {
    /// libcurl gave up: its code (`libcurl-errors(3)`) and its own words.
    case transport(code: Int32, text: String)
    /// The server answered with this status, and with the storage service's own code for it
    /// (`x-ms-error-code`) where there was one.
    case status(Int, code: String?)
    /// Something did not happen in time.
    case timedOut(Wait, after: Duration)
    /// The body ended early.
    case truncated(received: Int64, expected: Int64)
    /// The body is longer than the limit, in bytes.
    case tooLarge(limit: Int64)
    /// More redirects than the limit.
    case tooManyRedirects(limit: Int)
    /// A redirect leads from `https` to an address that is not; the address has no secrets.
    case insecureRedirect(to: String)
    /// The server answered with another part of the file than the one asked for.
    case wrongRange(answer: String)
    /// The bytes are not the ones that were promised.
    case wrongChecksum(expected: SHA256Digest, actual: SHA256Digest)
    /// OpenSSL computed no checksum.
    case noChecksum(text: String)
    /// A header field that can't be sent; its value is not kept.
    case badHeader(name: String)
    /// A file could not be read or written.
    case file(FileFailure)
    /// The mirror's rules can't be applied to the address.
    case mirror(text: String)
  }

  /// What was waited for.
  public enum Wait: Sendable, Equatable {
    /// Name resolution, connection and TLS handshake.
    case connection
    /// The next bytes.
    case data
    /// The end of the exchange.
    case end
  }

  /// Whether it is certain that nothing of the request reached the server: there was no connection,
  /// or none whose other end is believed.
  public var wasNeverSent: Bool {
    switch reason {
    case .transport(let code, _): TransportCode.beforeSending.contains(code)
    case .timedOut(.connection, _), .badHeader: true
    default: false
    }
  }

  /// Whether the server's certificate was not believed.
  public var isOfCertificate: Bool {
    guard case .transport(let code, _) = reason else { return false }
    return code == TransportCode.certificateRejected
  }

  /// Whether the same request may well succeed later: faults of the connection, timeouts, and the
  /// statuses 408, 429 and 5xx, but not 501 and 505 (RFC 9110, section 15).
  public var isTransient: Bool {
    switch reason {
    case .transport(let code, _): TransportCode.transient.contains(code)
    case .status(let status, _):
      status == 408 || status == 429
        || (500...599).contains(status) && status != 501
          && status != 505
    case .timedOut, .truncated, .wrongRange: true
    default: false
    }
  }
}

extension HTTPError: CustomStringConvertible {
  /// What the user reads: `could not download https://…: …`.
  public var description: String {
    let verb =
      switch operation {
      case .request(let method): "complete \(method.rawValue)"
      case .download: "download"
      }
    let often = tries > 1 ? " (tried \(tries) times)" : ""
    return "could not \(verb) \(url): \(reason)\(often)"
  }
}

extension HTTPError.Reason: CustomStringConvertible {
  /// The part of the message after the colon.
  public var description: String {
    switch self {
    case .transport(let code, let text): "\(text) (libcurl error \(code))"
    case .status(let status, let code):
      "the server answered \(status)" + (code.map { " (\($0))" } ?? "")
    case .timedOut(.connection, let limit): "no connection within \(limit)"
    case .timedOut(.data, let limit): "no data for \(limit)"
    case .timedOut(.end, let limit): "not finished within \(limit)"
    case .truncated(let received, let expected):
      "the answer ended after \(received) of \(expected) bytes"
    case .tooLarge(let limit): "the answer is longer than the limit of \(limit) bytes"
    case .tooManyRedirects(let limit): "more than \(limit) redirects"
    case .insecureRedirect(let target): "a redirect leads from https to \(target)"
    case .wrongRange(let answer): "the server answered with another part of the file (\(answer))"
    case .wrongChecksum(let expected, let actual):
      "its sha256 is \(actual), but \(expected) was expected"
    case .noChecksum(let text): text
    case .badHeader(let name): "the header field `\(name)` holds a character that can't be sent"
    case .file(let failure): "\(failure)"
    case .mirror(let text): text
    }
  }
}
