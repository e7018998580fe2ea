internal import HTTP
internal import Pipeline

/// The identity that Azure gave the machine or the app that Kiln runs on.
struct ManagedIdentity: TokenSource {
  /// What gives the tokens.
  enum Host: Sendable {
    /// The metadata service of a VM, at this address.
    case virtualMachine(endpoint: String)
    /// The service beside an app or a container app, and what proves that we may ask it.
    case app(endpoint: String, header: Secret)
  }

  /// The address of the metadata service, which every VM in Azure has.
  static let metadataService = "http://169.254.169.254"

  let name = "ManagedIdentityCredential"
  let host: Host
  /// The client id of an identity that the user chose; `nil` for the machine's own.
  let client: String?
  /// A wire without a proxy: these addresses mean something on this machine alone.
  let wire: Wire

  /// How long the metadata service may take to accept a connection: where there is none, nothing
  /// answers.
  private static let probeLimits: HTTPLimits = {
    var limits = HTTPLimits.request
    limits.connect = .seconds(1)
    limits.total = .seconds(30)
    limits.redirects = 0
    limits.bodyBytes = 1 << 20
    return limits
  }()
  /// The service restarts within 70 seconds, and answers 404 or 410 meanwhile (`azure.md` 3).
  private static let retry = RetryPolicy(
    tries: 6, total: .seconds(120), firstDelay: .seconds(2), longestDelay: .seconds(30))

  func token(for audience: String, claims: String?) async throws -> AccessToken {
    let operation = "sign in by managed identity"
    let request = request(for: audience)
    let response: HTTPResponse
    do {
      response = try await wire.repeating(
        operation, Self.retry, .harmless, alsoPassing: [404, 410]
      ) {
        try await ask(request)
      }
    } catch let error as AzureError {
      throw CredentialError(error)
    }
    // 400: the machine has no such identity.
    if response.status == 400 {
      let body = ARMErrorBody(response)
      throw CredentialError(
        .unavailable, "could not \(operation): \(body.sentence)",
        hint: "give the machine an identity, or name one in AZURE_CLIENT_ID")
    }
    let now = wire.pace.now()
    guard response.status == 200, let answer = JSON(parsing: response.body),
      let token = AccessToken(answer, now: now)
    else { throw CredentialError(AzureError(operation, answer: response)) }
    return token.renewedAtHalf(now: now)
  }

  private func ask(_ request: HTTPRequest) async throws -> HTTPResponse {
    do {
      return try await wire.once(request, limits: Self.probeLimits)
    } catch let error as HTTPError where error.isAbsence {
      throw CredentialError(
        .unavailable, "could not sign in by managed identity: this machine has no metadata service")
    }
  }

  private func request(for audience: String) -> HTTPRequest {
    let identity = client.map { "&client_id=\($0.urlEncoded)" } ?? ""
    let resource = "resource=\(audience.urlEncoded)\(identity)"
    switch host {
    case .virtualMachine(let endpoint):
      return HTTPRequest(
        .get, "\(endpoint)/metadata/identity/oauth2/token?api-version=2018-02-01&\(resource)",
        headers: ["Metadata": "true"])
    case .app(let endpoint, let header):
      return HTTPRequest(
        .get, "\(endpoint)?api-version=2019-08-01&\(resource)",
        headers: ["X-IDENTITY-HEADER": header.revealed])
    }
  }
}

extension HTTPError {
  /// Whether nothing is there to talk to.
  fileprivate var isAbsence: Bool {
    switch reason {
    case .timedOut(.connection, _): true
    case .transport(let code, _): code == 7 || code == 6
    default: false
    }
  }
}
