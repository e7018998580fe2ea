internal import HTTP
internal import Pipeline

extension Cloud {
  /// The api-version of the list of addresses; from 2022 on it is one object and not a list.
  private static let metadataVersion = "2022-09-01"

  /// Asks a Resource Manager of an unknown cloud for the addresses of its services.
  /// - Throws: ``AzureError`` where it gives none; `CancellationError`.
  static func discover(_ resourceManager: String, over wire: Wire) async throws -> Cloud {
    let base = resourceManager.withoutTrailingSlash
    let operation = "read the cloud's addresses from \(base)"
    guard base.hasPrefix("https://") else {
      throw AzureError(
        operation, "the address must begin with https://",
        hint: "tokens are sent to it: give the address of Resource Manager with https")
    }
    let response = try await wire.send(
      HTTPRequest(.get, "\(base)/metadata/endpoints?api-version=\(metadataVersion)"),
      for: operation, retry: .standard)
    guard response.status == 200, let answer = JSON(parsing: response.body) else {
      throw AzureError(operation, answer: response)
    }
    let entry = answer.elements.first ?? answer
    guard let authority = entry[path: "authentication", "loginEndpoint"]?.text,
      let storage = entry[path: "suffixes", "storage"]?.text
    else {
      throw AzureError(
        operation, "the answer names no authentication.loginEndpoint or suffixes.storage",
        hint: "give the address of an Azure Resource Manager")
    }
    let audiences = entry[path: "authentication", "audiences"]?.elements.compactMap(\.text) ?? []
    return Cloud(
      name: entry["name"]?.text ?? base, authority: authority, resourceManager: base,
      audience: audiences.first ?? base, storageSuffix: storage)
  }
}
