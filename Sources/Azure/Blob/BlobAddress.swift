/// Where a blob is: `https://<account>.blob.core.windows.net/<container>/<name>`.
public struct BlobAddress: Sendable, Hashable, CustomStringConvertible {
  /// The service of the account, without a slash at its end.
  public let endpoint: String
  /// The container.
  public let container: String
  /// The blob's name; it may hold slashes.
  public let name: String

  /// A place in a container.
  public init(endpoint: String, container: String, name: String) {
    self.endpoint = endpoint.withoutTrailingSlash
    self.container = container
    self.name = name
  }

  /// Reads an address without a query; `nil` for anything else.
  public init?(_ url: String) {
    guard let scheme = url.firstRange(of: "://"), !url.contains("?"), !url.contains("#") else {
      return nil
    }
    let parts = url[scheme.upperBound...].split(
      separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.init(
      endpoint: String(url[..<scheme.upperBound] + parts[0]), container: String(parts[1]),
      name: String(parts[2]))
  }

  /// The container's address.
  public var containerURL: String { "\(endpoint)/\(container)" }
  /// The blob's address.
  public var url: String { "\(containerURL)/\(name.percentEncoded(keeping: "-._~/"))" }
  /// The same as ``url``.
  public var description: String { url }
}
