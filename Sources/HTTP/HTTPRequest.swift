/// One request, whole in memory.
public struct HTTPRequest: Sendable {
  /// What is asked of the server.
  public enum Method: String, Sendable {
    /// Read.
    case get = "GET"
    /// Read the header alone.
    case head = "HEAD"
    /// Do.
    case post = "POST"
    /// Store.
    case put = "PUT"
    /// Change in part.
    case patch = "PATCH"
    /// Remove.
    case delete = "DELETE"
  }

  /// What is asked.
  public var method: Method
  /// The address, as the user wrote it; only `http` and `https` are spoken.
  public var url: String
  /// Fields sent in this order; where `Content-Type` is missing, none is sent.
  public var headers: HTTPHeaders
  /// The body; empty for none.
  public var body: [UInt8]

  /// A request.
  public init(
    _ method: Method = .get, _ url: String, headers: HTTPHeaders = HTTPHeaders(),
    body: [UInt8] = []
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }
}

extension HTTPRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Method and address, without secrets.
  public var description: String { "\(method.rawValue) \(redacted(url: url))" }

  /// The same text as ``description``.
  public var debugDescription: String { description }

  /// The same text as ``description``, so that `dump` shows no secret either.
  public var customMirror: Mirror { Mirror(self, children: ["request": description]) }
}

/// What a server answered, whole in memory.
public struct HTTPResponse: Sendable {
  /// The status code, as 200 or 404.
  public let status: Int
  /// The fields of the header.
  public let headers: HTTPHeaders
  /// The body.
  public let body: [UInt8]
  /// The address that answered: that of the last redirect, where there was one.
  public let url: String
  /// How many connections this exchange had to open: 0 where one was used again.
  ///
  /// What was agreed
  /// on a connection, as NTLM does, is void when it is not 0.
  public let newConnections: Int
  /// The server's certificate in DER form, where this exchange opened the connection of an
  /// ``HTTPConnection`` by TLS.
  public let certificate: [UInt8]?

  /// The body as UTF-8 text; a byte that is none becomes U+FFFD.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// How long the server asks to wait before the next request, by `Retry-After`.
  ///
  /// It is `nil` where the server asks nothing; `now` is the time of day, in seconds since 1970, with
  /// which a date is compared.
  public func retryAfter(now: Int64) -> Duration? {
    ResponseHead(status: status, headers: headers).retryAfter(now: now)
  }
}

extension HTTPResponse: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Status and address, without secrets.
  public var description: String { "\(status) from \(redacted(url: url))" }

  /// The same text as ``description``.
  public var debugDescription: String { description }

  /// The same text as ``description``, so that `dump` shows no secret either.
  public var customMirror: Mirror { Mirror(self, children: ["response": description]) }
}

/// How long an exchange may take and how much it may bring.
public struct HTTPLimits: Sendable, Equatable {
  /// For name resolution, connection and TLS handshake together.
  public var connect: Duration
  /// The longest time in which nothing, or nearly nothing, arrives; whole seconds, at least one.
  public var stall: Duration
  /// What counts as nearly nothing, in bytes per second.
  public var stallBytesPerSecond: Int
  /// For the whole exchange, redirects included.
  public var total: Duration
  /// How many redirects are followed.
  public var redirects: Int
  /// How many bytes a body may have.
  public var bodyBytes: Int64

  /// For a request whose answer is held in memory: 30 seconds to connect, 60 seconds of silence,
  /// 5 minutes, 10 redirects and 64 MiB.
  public static let request = HTTPLimits(
    connect: .seconds(30), stall: .seconds(60), stallBytesPerSecond: 1, total: .seconds(300),
    redirects: 10, bodyBytes: 64 << 20)

  /// For a file: as ``request``, but 6 hours and 256 GiB.
  public static let download = HTTPLimits(
    connect: .seconds(30), stall: .seconds(60), stallBytesPerSecond: 1, total: .seconds(6 * 3600),
    redirects: 10, bodyBytes: 256 << 30)
}
