public import HTTP

/// Where a machine's WinRM listens, and whose certificate is believed there.
public struct WinRMEndpoint: Sendable, Equatable {
  /// The host's name or address.
  public var host: String
  /// The TCP port: 5986 for TLS and 5985 without, where nobody changed that.
  public var port: UInt16
  /// How the connection is protected.
  public var transport: Transport

  /// How a connection is protected.
  public enum Transport: Sendable, Equatable {
    /// By TLS, with a certificate that is believed for this reason.
    case https(HTTPClient.Trust)
    /// By nothing but the sealing of messages, which NTLM brings.
    case http
  }

  /// An endpoint; the port is the usual one where none is given.
  public init(host: String, port: UInt16? = nil, transport: Transport) {
    self.host = host
    self.port = port ?? (transport == .http ? 5985 : 5986)
    self.transport = transport
  }

  /// The address of the service.
  public var address: String {
    let scheme = transport == .http ? "http" : "https"
    let isBareIPv6 = host.contains(":") && !host.hasPrefix("[")
    return "\(scheme)://\(isBareIPv6 ? "[\(host)]" : host):\(port)/wsman"
  }

  var trust: HTTPClient.Trust {
    if case .https(let trust) = transport { trust } else { .system }
  }
}

/// How long a client waits.
public struct WinRMOptions: Sendable, Equatable {
  /// How long the machine may take for an answer before it says that it has none; whole seconds.
  ///
  /// A Receive of a silent command ends so, and is sent again.
  public var operationTimeout: Duration = .seconds(20)
  /// How much later than that an answer may arrive, for the network: then the machine has fallen
  /// silent.
  public var answerMargin: Duration = .seconds(10)
  /// For name resolution, connection and TLS handshake.
  public var connectTimeout: Duration = .seconds(30)

  /// As real clients have it: 20 seconds for the machine, 10 more for the network.
  public init() {}

  var limits: HTTPLimits {
    var limits = HTTPLimits.request
    limits.connect = connectTimeout
    limits.stall = operationTimeout + answerMargin
    limits.total = connectTimeout + operationTimeout + answerMargin
    limits.redirects = 0
    limits.bodyBytes = 16 << 20
    return limits
  }
}
