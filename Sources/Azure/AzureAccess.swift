public import HTTP
internal import Pipeline

/// Access to Azure for somebody who is signed in: the composition of cloud, credentials and clients.
public struct AzureAccess: Sendable {
  /// Resource Manager.
  public let arm: ARMClient
  /// Blobs.
  public let blobs: BlobClient

  /// Which cloud.
  public enum CloudChoice: Sendable, Hashable {
    /// One that is known.
    case known(Cloud)
    /// The one whose Resource Manager has this address, which tells the other addresses.
    case at(resourceManager: String)
  }

  /// Which account of `az` is taken, where it is `az` that signs in.
  public enum Account: Sendable, Hashable {
    /// The one that it has chosen.
    case chosen
    /// The one of a subscription.
    case subscription(String)
    /// The one of a tenant.
    case tenant(String)
  }

  /// What access is made of.
  public struct Setup: Sendable {
    /// Which cloud.
    public var cloud: CloudChoice
    /// The variables of the environment, which say who signs in.
    public var environment: [String: String]
    /// Which account of `az`.
    public var account: Account
    /// Whose certificates are believed.
    public var trust: HTTPClient.Trust
    /// Where every request is written down; `nil` for nowhere.
    public var trace: Trace?
    /// The clocks.
    public var pace: Pace

    /// Puts a setup together.
    public init(
      cloud: CloudChoice = .known(.publicCloud), environment: [String: String],
      account: Account = .chosen, trust: HTTPClient.Trust = .system, trace: Trace? = nil,
      pace: Pace = .machine
    ) {
      self.cloud = cloud
      self.environment = environment
      self.account = account
      self.trust = trust
      self.trace = trace
      self.pace = pace
    }
  }

  /// Makes the clients; only an unknown cloud is asked something for it.
  /// - Throws: ``AzureError`` where the cloud does not answer; ``CredentialError`` where what the
  ///   environment names can't be read; `CancellationError`.
  public static func open(_ setup: Setup) async throws -> AzureAccess {
    let wire = Wire(client: HTTPClient(trust: setup.trust), trace: setup.trace, pace: setup.pace)
    let direct = Wire(
      client: HTTPClient(trust: setup.trust, route: .direct), trace: setup.trace, pace: setup.pace)
    let cloud: Cloud
    switch setup.cloud {
    case .known(let known): cloud = known
    case .at(let address): cloud = try await Cloud.discover(address, over: wire)
    }
    let scope: AzureCLI.Scope? =
      switch setup.account {
      case .chosen: nil
      case .subscription(let id): .subscription(id)
      case .tenant(let tenant): .tenant(tenant)
      }
    let chain = try DefaultCredential(
      environment: setup.environment, cloud: cloud, scope: scope, wire: wire, directWire: direct
    ).chain()
    let tokens = TokenCache(chain, pace: setup.pace)
    return AzureAccess(
      arm: ARMClient(cloud: cloud, tokens: tokens, wire: wire),
      blobs: BlobClient(tokens: tokens, wire: wire))
  }

  /// The fields by which a request for a blob says who asks; `nil` for what is no blob of this cloud.
  /// - Throws: ``CredentialError``, `CancellationError`.
  public func blobFields(for url: String) async throws -> HTTPHeaders? {
    guard arm.cloud.hasBlob(at: url) else { return nil }
    let token = try await arm.tokens.token(for: Cloud.storageAudience)
    return [
      "Authorization": "Bearer \(token.value.revealed)", "x-ms-version": BlobClient.version,
    ]
  }
}
