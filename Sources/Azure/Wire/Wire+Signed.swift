internal import FoundationEssentials
internal import HTTP
internal import Pipeline

extension Wire {
  /// Sends a request with a token, and tries it again within `retry`, each time with a token that
  /// is good then.
  ///
  /// A token that the service refuses is forgotten and replaced, once; where the service asks for
  /// claims, by one that has them.
  /// - Returns: the answer, whatever its status.
  func signed(
    _ request: HTTPRequest, by tokens: TokenCache, for audience: String, purpose: String,
    retry: RetryPolicy, _ repetition: Repetition = .harmless
  ) async throws -> HTTPResponse {
    var claims: String?
    var isRenewed = false
    while true {
      var token: AccessToken?
      let response = try await repeating(purpose, retry, repetition) { [claims] in
        let current = try await tokens.token(for: audience, claims: claims)
        token = current
        var signed = request
        signed.headers["Authorization"] = "Bearer \(current.value.revealed)"
        signed.headers["Accept"] = "application/json"
        return try await once(signed)
      }
      guard response.status == 401, !isRenewed, let token else { return response }
      isRenewed = true
      tokens.forget(token, for: audience)
      claims = response.claimsChallenge
    }
  }
}

extension HTTPResponse {
  /// The claims that a service wants a token to have, as JSON (`azure.md` 1.3).
  fileprivate var claimsChallenge: String? {
    guard let challenge = headers["WWW-Authenticate"],
      let start = challenge.firstRange(of: "claims=\"")
    else { return nil }
    let encoded = challenge[start.upperBound...].prefix { $0 != "\"" }
    let standard = encoded.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    let padding = String(repeating: "=", count: (4 - standard.count % 4) % 4)
    return Data(base64Encoded: String(standard) + padding)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}
