internal import Pipeline
internal import Synchronization

/// Several ways to sign in, tried in order until one works; from then on it is that one alone.
public final class CredentialChain: TokenSource {
  /// What users know it by.
  public let name = "DefaultAzureCredential"
  /// The ways, in order.
  let sources: [any TokenSource]

  private let chosen = Mutex<(any TokenSource)?>(nil)

  init(_ sources: [any TokenSource]) { self.sources = sources }

  /// Gets a token by the first way that is set up here.
  /// - Throws: ``CredentialError`` of the first way that is set up and fails; where none is, one
  ///   that says why for each.
  public func token(for audience: String, claims: String?) async throws -> AccessToken {
    if let source = chosen.withLock({ $0 }) {
      return try await source.token(for: audience, claims: claims)
    }
    var reasons: [String] = []
    for source in sources {
      do {
        let token = try await source.token(for: audience, claims: claims)
        chosen.withLock { $0 = source }
        return token
      } catch let error as CredentialError where error.kind == .unavailable {
        reasons.append("\(source.name): \(error.description.afterColon)")
      }
    }
    let tried = reasons.isEmpty ? "no way to do so is set up" : reasons.joined(separator: "; ")
    throw CredentialError(
      .unavailable, "could not sign in to Azure: \(tried)",
      hint: "run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or "
        + "AZURE_CLIENT_CERTIFICATE_PATH")
  }
}

extension String {
  /// What stands behind the first colon and space, which says why.
  fileprivate var afterColon: String {
    firstRange(of: ": ").map { String(self[$0.upperBound...]) } ?? self
  }
}
