public import Pipeline

/// Where a blob is: `https://<account>.blob.core.windows.net/<container>/<name>`.
public struct BlobAddress: Sendable, Hashable, CustomStringConvertible {
  /// The service of the account, without a slash at its end.
  public let endpoint: String
  /// The container.
  public let container: String
  /// The blob's name; it may hold slashes.
  public let name: String
  /// What lets in whoever knows it, a shared access signature: a query without its `?`; `nil` where
  /// a token or the account's key lets in.
  public var signature: Secret?

  /// A place in a container.
  public init(endpoint: String, container: String, name: String) {
    self.endpoint = endpoint.withoutTrailingSlash
    self.container = container
    self.name = name
  }

  /// Reads an address, with a shared access signature or without a query; `nil` for anything else.
  public init?(_ url: String) {
    let whole = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let place = whole.first, let scheme = place.firstRange(of: "://"), !url.contains("#")
    else { return nil }
    let parts = place[scheme.upperBound...].split(
      separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.init(
      endpoint: String(place[..<scheme.upperBound] + parts[0]), container: String(parts[1]),
      name: String(parts[2]))
    guard whole.count == 2 else { return }
    guard let signature = Self.signature(String(whole[1])) else { return nil }
    self.signature = signature
  }

  /// A shared access signature as it is handed around, with or without a `?` in front; `nil` for
  /// anything else.
  public static func signature(_ text: String) -> Secret? {
    let query = text.hasPrefix("?") ? String(text.dropFirst()) : text
    let isSigned = query.split(separator: "&").contains { $0.hasPrefix("sig=") }
    return isSigned ? Secret(query) : nil
  }

  /// The storage account's name.
  public var account: String {
    let host = endpoint.firstRange(of: "://").map { endpoint[$0.upperBound...] } ?? ""
    return String(host.prefix { $0 != "." })
  }

  /// The container's address.
  public var containerURL: String { "\(endpoint)/\(container)" }
  /// The blob's address, without what lets in.
  public var url: String { "\(containerURL)/\(name.percentEncoded(keeping: "-._~/"))" }
  /// The same as ``url``.
  public var description: String { url }
}

extension Cloud {
  /// The blob that a user names.
  ///
  /// No token goes to what is no storage account of this cloud; a signature goes where the user
  /// says.
  /// - Throws: ``AzureError`` for anything else.
  public func blob(at url: String, for operation: String) throws(AzureError) -> BlobAddress {
    guard url.hasPrefix("https://"), let address = BlobAddress(url),
      address.signature != nil || hasBlob(at: address.url)
    else {
      throw AzureError(
        operation, "it is no address of a blob in \(name)",
        hint:
          "write it as https://ACCOUNT.blob.\(storageSuffix)/CONTAINER/NAME.vhd; a shared access "
          + "signature may follow: ?sv=…&sig=…")
    }
    return address
  }
}
