internal import FoundationEssentials
internal import HTTP

/// One connection with a login on it. Requests go one after the other: each waits for its answer.
actor WinRMLink {
  /// The tokens that a login takes at most; NTLM takes two, SPNEGO one more.
  private static let tokenLimit = 6
  /// How slow a network may be, for the time that a long request is given.
  private static let slowestBytesPerSecond = 32 << 10

  private let endpoint: WinRMEndpoint
  private let credentials: WinRMCredentials
  private let limits: HTTPLimits
  private let connection: HTTPConnection
  /// The certificate of the connection that stands, in DER form.
  private var certificate: [UInt8] = []
  private var login: SecurityContext?

  init(
    _ endpoint: WinRMEndpoint, as credentials: WinRMCredentials, limits: HTTPLimits
  ) throws(WinRMError) {
    self.endpoint = endpoint
    self.credentials = credentials
    self.limits = limits
    guard credentials.scheme != .basic || endpoint.transport != .http else {
      throw WinRMError(
        .badRequest, "could not connect to \(endpoint.address)",
        "Basic would send the password as it is, without TLS",
        hint: "use the HTTPS listener at port 5986, or NTLM")
    }
    do {
      connection = try HTTPConnection(to: endpoint.address, trust: endpoint.trust)
    } catch {
      throw WinRMError(.unfit, "could not connect to \(endpoint.address)", "\(error)")
    }
  }

  /// Sends an envelope, which is carried out at most once, and returns the answer's status and body.
  ///
  /// After an error the link is of no more use.
  /// - Throws: ``WinRMError``, which tells whether it may have been carried out, or
  ///   `CancellationError`.
  func exchange(_ envelope: [UInt8], for operation: String) async throws -> (Int, [UInt8]) {
    // Twice where the connection, and with it the login, was lost in between: a request that
    // nobody is logged in for is refused, and not carried out.
    for isLast in [false, true] {
      if case .negotiate(let scheme) = credentials.scheme, login == nil {
        try await logIn(scheme, for: operation)
      }
      let response = try await send(envelope, for: operation)
      if response.status == 401 {
        guard !isLast, login != nil else { throw refusal(response, operation) }
        login = nil
        continue
      }
      return (response.status, try opened(response, operation))
    }
    throw WinRMError(.authenticationFailed, "could not \(operation)", "the login was lost twice")
  }

  private func send(_ envelope: [UInt8], for operation: String) async throws -> HTTPResponse {
    var request = HTTPRequest(.post, endpoint.address, body: envelope)
    request.headers["Content-Type"] = "application/soap+xml;charset=UTF-8"
    if case .basic = credentials.scheme {
      let pair = Array(credentials.user.utf8) + [0x3a] + credentials.password.bytes
      request.headers["Authorization"] = "Basic " + Data(pair).base64EncodedString()
    } else if endpoint.transport == .http {
      request.headers["Content-Type"] = SealedMessage.contentType
      request.body = try sealed(envelope, operation)
    }
    return try await post(request, operation)
  }

  /// Logs in on the connection, by requests without a body, so that nothing can be carried out.
  private func logIn(_ scheme: NegotiateScheme, for operation: String) async throws {
    let protection: SecurityContext.Protection = endpoint.transport == .http ? .sealed : .none
    do {
      login = try SecurityContext(
        user: credentials.user, password: credentials.password, host: endpoint.host,
        scheme: scheme, protection: protection)
      var token: [UInt8] = []
      for _ in 0..<Self.tokenLimit {
        guard let next = try login?.step(token, binding: ChannelBinding.endPoint(of: certificate))
        else { break }
        if next.isDone, next.token.isEmpty { return }
        var request = HTTPRequest(.post, endpoint.address)
        request.headers["Authorization"] = "Negotiate " + Data(next.token).base64EncodedString()
        request.headers["Content-Type"] = "application/soap+xml;charset=UTF-8"
        let response = try await post(request, operation)
        token = response.negotiateToken
        if response.status == 401 {
          guard !next.isDone, !token.isEmpty else { throw refusal(response, operation) }
        } else if next.isDone || token.isEmpty {
          return
        }
      }
    } catch let failure as SecurityFailure {
      throw unusable(failure, operation)
    }
    throw WinRMError(
      .authenticationFailed, "could not \(operation)",
      "the login at \(endpoint.address) has not ended after \(Self.tokenLimit) tokens")
  }

  private func post(_ request: HTTPRequest, _ operation: String) async throws -> HTTPResponse {
    var limits = limits
    limits.total += .seconds(request.body.count / Self.slowestBytesPerSecond)
    do {
      let response = try await connection.send(request, limits: limits)
      if let shown = response.certificate { certificate = shown }
      return response
    } catch let error as HTTPError {
      throw WinRMError(error, operation, endpoint)
    }
  }

  private func sealed(_ envelope: [UInt8], _ operation: String) throws -> [UInt8] {
    do {
      let sealed = try login?.seal(envelope) ?? []
      return SealedMessage.body(sealed, plainLength: envelope.count)
    } catch {
      throw unusable(error, operation)
    }
  }

  private func opened(_ response: HTTPResponse, _ operation: String) throws -> [UInt8] {
    let type = response.headers["Content-Type"]?.lowercased() ?? ""
    guard endpoint.transport == .http else { return response.body }
    // An answer without a body says nothing that could be false, and one in the clear may be.
    if response.body.isEmpty { return [] }
    guard type.hasPrefix("multipart/encrypted"),
      let sealed = SealedMessage.sealed(in: response.body)
    else {
      throw WinRMError(
        .badAnswer, "could not \(operation)", "the answer (\(response.status)) is not sealed")
    }
    do {
      return try login?.open(sealed) ?? []
    } catch {
      throw WinRMError(
        .badAnswer, "could not \(operation)", "the answer's seal is broken: \(error.text)")
    }
  }

  private func refusal(_ response: HTTPResponse, _ operation: String) -> WinRMError {
    let offers = response.headers.values(of: "WWW-Authenticate").map {
      String($0.prefix { $0 != " " })
    }
    let wanted = credentials.scheme == .basic ? "Basic" : "Negotiate"
    let isOffered = offers.contains { $0.lowercased() == wanted.lowercased() }
    guard isOffered || offers.isEmpty else {
      return WinRMError(
        .authenticationFailed, "could not log in at \(endpoint.address)",
        "it takes \(offers.joined(separator: ", ")), not \(wanted)",
        hint: "allow \(wanted) in winrm/config/service/auth, or use another way to log in")
    }
    return WinRMError(
      .authenticationFailed, "could not log in at \(endpoint.address) as \(credentials.user)",
      "the machine refused the login by \(wanted)",
      hint: "check user and password; a local user needs to be an administrator, and through NTLM "
        + "the name may need the machine's name before it: machine\\user")
  }

  private func unusable(_ failure: SecurityFailure, _ operation: String) -> WinRMError {
    WinRMError(
      failure.isWithoutNTLM ? .unfit : .authenticationFailed,
      "could not log in at \(endpoint.address) as \(credentials.user)",
      "GSSAPI could not \(failure.operation): \(failure.text)",
      hint: failure.isWithoutNTLM ? "install the package gss-ntlmssp" : nil)
  }
}

extension HTTPResponse {
  /// The machine's token of a negotiated login; empty where it has none.
  fileprivate var negotiateToken: [UInt8] {
    for value in headers.values(of: "WWW-Authenticate") {
      let words = value.split(separator: " ", maxSplits: 1)
      if words.count == 2, words[0].lowercased() == "negotiate",
        let token = Data(base64Encoded: String(words[1]))
      {
        return [UInt8](token)
      }
    }
    return []
  }
}

extension WinRMError {
  fileprivate init(_ error: HTTPError, _ operation: String, _ endpoint: WinRMEndpoint) {
    let kind: Kind
    if error.isOfCertificate {
      kind = .certificateRejected
    } else {
      kind = error.wasNeverSent ? .unreachable : .connectionLost
    }
    let what = kind == .connectionLost ? operation : "connect to \(endpoint.address)"
    self.init(
      kind, "could not \(what)", "\(error.reason)",
      hint: kind == .certificateRejected
        ? "give the thumbprint of the machine's certificate: \(Self.thumbprintCommand)"
        : error.hint)
  }

  private static let thumbprintCommand =
    "winrm enumerate winrm/config/listener on the machine shows it"
}
