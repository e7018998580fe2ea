public import Pipeline

/// A way to sign in to Azure.
public protocol TokenSource: Sendable {
  /// What users know it by, as in `AzureCliCredential`.
  var name: String { get }

  /// Gets a token for `audience`, an address as in `https://management.azure.com`.
  /// - Parameters:
  ///   - audience: What the token is for.
  ///   - claims: What a service that refused the last token asks for, as JSON; mostly `nil`.
  /// - Returns: the token.
  /// - Throws: ``CredentialError``; `CancellationError`.
  func token(for audience: String, claims: String?) async throws -> AccessToken
}

/// Why there is no token.
public struct CredentialError: Error, Sendable, Hinting, ProviderFailure, CustomStringConvertible {
  /// What went wrong, for those who decide by it.
  public enum Kind: Sendable, Equatable {
    /// This way to sign in is not set up here: the next one may be.
    case unavailable
    /// It is set up, and failed.
    case refused
  }

  /// What went wrong.
  public let kind: Kind
  /// The sentence for the user: `<what could not be done>: <why>`.
  public let description: String
  /// What to do next, where there is something.
  public let hint: String?

  /// Describes what went wrong.
  public init(_ kind: Kind, _ description: String, hint: String? = nil) {
    self.kind = kind
    self.description = Scrubber.text(description)
    self.hint = hint
  }

  /// What a token service or its absence said.
  init(_ error: AzureError) {
    self.init(.refused, "\(error)", hint: error.hint)
  }
}
