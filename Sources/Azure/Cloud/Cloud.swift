/// One of Azure's clouds: where it signs in, where Resource Manager is, how its services are named.
public struct Cloud: Sendable, Hashable {
  /// Its name, as `az cloud list` has it.
  public var name: String
  /// Where tokens come from, without a slash at its end: `https://login.microsoftonline.com`.
  public var authority: String
  /// Where Resource Manager is, without a slash at its end: `https://management.azure.com`.
  public var resourceManager: String
  /// What a token for Resource Manager is for.
  public var audience: String
  /// What follows a storage account's name and `.blob.`: `core.windows.net`.
  public var storageSuffix: String

  /// Describes a cloud; a slash at the end of an address is dropped.
  public init(
    name: String, authority: String, resourceManager: String, audience: String,
    storageSuffix: String
  ) {
    self.name = name
    self.authority = authority.withoutTrailingSlash
    self.resourceManager = resourceManager.withoutTrailingSlash
    self.audience = audience.withoutTrailingSlash
    self.storageSuffix = storageSuffix
  }

  /// What a token for blobs and pages is for; the same in every cloud.
  public static let storageAudience = "https://storage.azure.com"

  // The addresses are those of `az cloud list` of azure-cli 2.91.

  /// Azure for everybody.
  public static let publicCloud = Cloud(
    name: "AzureCloud", authority: "https://login.microsoftonline.com",
    resourceManager: "https://management.azure.com", audience: "https://management.azure.com",
    storageSuffix: "core.windows.net")

  /// Azure for US Government.
  public static let usGovernment = Cloud(
    name: "AzureUSGovernment", authority: "https://login.microsoftonline.us",
    resourceManager: "https://management.usgovcloudapi.net",
    audience: "https://management.core.usgovcloudapi.net",
    storageSuffix: "core.usgovcloudapi.net")

  /// Azure in China.
  public static let china = Cloud(
    name: "AzureChinaCloud", authority: "https://login.chinacloudapi.cn",
    resourceManager: "https://management.chinacloudapi.cn",
    audience: "https://management.chinacloudapi.cn", storageSuffix: "core.chinacloudapi.cn")

  /// The clouds that need no look-up.
  public static let known = [publicCloud, usGovernment, china]

  /// The known cloud of this name, in any case, or in the words that people use: `public`,
  /// `usgovernment`, `china`.
  public static func named(_ name: String) -> Cloud? {
    let asked = name.lowercased()
    let everyday = ["public": publicCloud, "usgovernment": usGovernment, "china": china]
    return everyday[asked] ?? known.first { $0.name.lowercased() == asked }
  }

  /// Whether `url` is Resource Manager's in this cloud, where our token may go: the same scheme and
  /// host, or a host below that one, as its regions have.
  func mayReceiveToken(_ url: String) -> Bool {
    let (own, other) = (Endpoint(resourceManager), Endpoint(url))
    return own.scheme == other.scheme && own.port == other.port
      && (own.host == other.host || other.host.hasSuffix("." + own.host))
  }

  /// Whether `url` leads to a storage account's blobs in this cloud, where our token may go.
  func hasBlob(at url: String) -> Bool {
    let (own, other) = (Endpoint("https://" + storageSuffix), Endpoint(url))
    return other.scheme == "https" && own.port == other.port
      && other.host.hasSuffix(".blob." + own.host)
  }
}

/// Scheme, host and port of an address.
private struct Endpoint {
  let scheme: String
  let host: String
  let port: String

  init(_ url: String) {
    let pieces = url.split(separator: "://", maxSplits: 1)
    scheme = pieces.first.map { $0.lowercased() } ?? ""
    let authority = pieces.count > 1 ? pieces[1].prefix { !"/?#".contains($0) } : ""
    // With a user in front, the address would be another than it looks.
    let parts = authority.contains("@") ? [] : authority.split(separator: ":", maxSplits: 1)
    host = parts.first.map { $0.lowercased() } ?? ""
    port = parts.count > 1 ? String(parts[1]) : scheme == "https" ? "443" : "80"
  }
}

extension String {
  /// The text without slashes at its end.
  var withoutTrailingSlash: String {
    var text = self[...]
    while text.last == "/" { text.removeLast() }
    return String(text)
  }
}
