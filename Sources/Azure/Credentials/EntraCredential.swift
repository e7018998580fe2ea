internal import HTTP
internal import Pipeline

/// An application that signs in at Entra ID by a secret or by an assertion that it is itself.
struct EntraCredential: TokenSource {
  /// What proves that the application is who it says.
  enum Proof: Sendable {
    /// A secret of the application.
    case secret(Secret)
    /// A certificate of the application, whose key signs an assertion.
    case certificate(SigningCertificate)
    /// A file with an assertion by an identity provider that the application trusts; the provider
    /// replaces it now and then.
    case federated(file: String)
  }

  let name: String
  let authority: String
  let tenant: String
  let client: String
  let proof: Proof
  let wire: Wire

  private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

  func token(for audience: String, claims: String?) async throws -> AccessToken {
    let endpoint = "\(authority)/\(tenant)/oauth2/v2.0/token"
    var form = Form()
    form["client_id"] = client
    form["grant_type"] = "client_credentials"
    form["scope"] = "\(audience)/.default"
    form["client_info"] = "1"
    form["claims"] = claims
    let now = wire.pace.now()
    switch proof {
    case .secret(let secret): form["client_secret"] = secret.revealed
    case .certificate(let certificate):
      form["client_assertion_type"] = Self.assertionType
      form["client_assertion"] = try certificate.assertion(
        client: client, audience: endpoint, now: now
      ).revealed
    case .federated(let file):
      form["client_assertion_type"] = Self.assertionType
      form["client_assertion"] = try readText(file)
    }
    let response: HTTPResponse
    let operation = "sign in as \(client) at \(authority)/\(tenant)"
    do {
      response = try await wire.send(
        HTTPRequest(
          .post, endpoint,
          headers: [
            "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json",
          ], body: form.bytes), for: operation, retry: .standard)
    } catch let error as AzureError {
      throw CredentialError(error)
    }
    guard response.status == 200, let answer = JSON(parsing: response.body),
      let token = AccessToken(answer, now: now)
    else { throw CredentialError(AzureError(operation, answer: response)) }
    return token
  }
}

/// The body of a form, in the order in which its parts were set.
struct Form {
  private var parts: [(name: String, value: String)] = []

  /// Sets a part; `nil` adds none.
  subscript(name: String) -> String? {
    get { parts.first { $0.name == name }?.value }
    set {
      parts.removeAll { $0.name == name }
      if let newValue { parts.append((name, newValue)) }
    }
  }

  /// The form as it is sent.
  var text: String {
    parts.map { "\($0.name.urlEncoded)=\($0.value.urlEncoded)" }.joined(separator: "&")
  }

  var bytes: [UInt8] { Array(text.utf8) }
}

extension String {
  /// The text as a part of a query or a form: all but unreserved characters escaped (RFC 3986,
  /// 2.3).
  var urlEncoded: String { percentEncoded(keeping: "-._~") }

  /// The text with all but ASCII letters, digits and `kept` escaped.
  func percentEncoded(keeping kept: String) -> String {
    let plain = Set(kept.utf8)
    var encoded: [UInt8] = []
    for byte in utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: encoded.append(byte)
      case _ where plain.contains(byte): encoded.append(byte)
      default:
        let digits = Array("0123456789ABCDEF".utf8)
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
