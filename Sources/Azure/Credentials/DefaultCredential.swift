internal import Pipeline

/// Which ways to sign in this process has, by its environment, in the order of
/// DefaultAzureCredential (`azure.md` 3).
struct DefaultCredential {
  /// The variables of the environment.
  let environment: [String: String]
  let cloud: Cloud
  /// The tenant or subscription of the build, for `az`.
  let scope: AzureCLI.Scope?
  let wire: Wire
  /// The same without a proxy.
  let directWire: Wire

  /// The ways, in order; `AZURE_TOKEN_CREDENTIALS` narrows them.
  /// - Throws: ``CredentialError`` where a certificate can't be read, or the name is unknown.
  func chain() throws(CredentialError) -> CredentialChain {
    let choice = try Choice(environment["AZURE_TOKEN_CREDENTIALS"])
    var sources: [any TokenSource] = []
    if choice.has("EnvironmentCredential"), let source = try application() {
      sources.append(source)
    }
    if choice.has("WorkloadIdentityCredential"), let source = workload {
      sources.append(source)
    }
    if choice.has("ManagedIdentityCredential") {
      sources.append(
        ManagedIdentity(host: host, client: value("AZURE_CLIENT_ID"), wire: directWire))
    }
    if choice.has("AzureCliCredential") {
      sources.append(AzureCLI(program: "az", scope: scope, now: wire.pace.now))
    }
    return CredentialChain(sources)
  }

  private var authority: String {
    (value("AZURE_AUTHORITY_HOST") ?? cloud.authority).withoutTrailingSlash
  }

  /// The application that the environment describes.
  private func application() throws(CredentialError) -> EntraCredential? {
    guard let tenant = value("AZURE_TENANT_ID"), let client = value("AZURE_CLIENT_ID") else {
      return nil
    }
    let proof: EntraCredential.Proof
    if let secret = value("AZURE_CLIENT_SECRET") {
      proof = .secret(Secret(secret))
    } else if let path = value("AZURE_CLIENT_CERTIFICATE_PATH") {
      let sends = ["1", "true"].contains(
        value("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")?.lowercased() ?? "")
      proof = .certificate(
        try SigningCertificate(
          file: path, password: value("AZURE_CLIENT_CERTIFICATE_PASSWORD").map(Secret.init),
          sending: sends ? .chain : .thumbprint))
    } else {
      return nil
    }
    return EntraCredential(
      name: "EnvironmentCredential", authority: authority, tenant: tenant, client: client,
      proof: proof, wire: wire)
  }

  private var workload: EntraCredential? {
    guard let tenant = value("AZURE_TENANT_ID"), let client = value("AZURE_CLIENT_ID"),
      let file = value("AZURE_FEDERATED_TOKEN_FILE")
    else { return nil }
    return EntraCredential(
      name: "WorkloadIdentityCredential", authority: authority, tenant: tenant, client: client,
      proof: .federated(file: file), wire: wire)
  }

  private var host: ManagedIdentity.Host {
    if let endpoint = value("IDENTITY_ENDPOINT"), let header = value("IDENTITY_HEADER") {
      return .app(endpoint: endpoint, header: Secret(header))
    }
    let service = value("AZURE_POD_IDENTITY_AUTHORITY_HOST") ?? ManagedIdentity.metadataService
    return .virtualMachine(endpoint: service.withoutTrailingSlash)
  }

  /// A variable that is set and not empty.
  private func value(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// What `AZURE_TOKEN_CREDENTIALS` chooses.
private struct Choice {
  private let names: Set<String>

  private static let production: Set<String> = [
    "EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential",
  ]
  private static let development: Set<String> = ["AzureCliCredential"]

  init(_ text: String?) throws(CredentialError) {
    let all = Self.production.union(Self.development)
    guard let text, !text.isEmpty else {
      names = all
      return
    }
    switch text.lowercased() {
    case "prod": names = Self.production
    case "dev": names = Self.development
    default:
      guard let name = all.first(where: { $0.lowercased() == text.lowercased() }) else {
        throw CredentialError(
          .refused, "could not sign in to Azure: AZURE_TOKEN_CREDENTIALS is `\(text)`",
          hint: "it may be prod, dev, or one of \(all.sorted().joined(separator: ", "))")
      }
      names = [name]
    }
  }

  func has(_ name: String) -> Bool { names.contains(name) }
}
