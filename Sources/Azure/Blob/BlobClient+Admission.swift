internal import Pipeline
internal import Template

extension BlobClient {
  /// This client for an account that was made for the build.
  ///
  /// Whoever made an account may see its keys, and not yet its blobs.
  /// - Returns: the client; the container is there then.
  func opened(_ address: BlobAddress, of account: ResourceID, _ arm: ARMClient) async throws
    -> BlobClient
  {
    do {
      try await makeContainer(address)
      return self
    } catch let error as AzureError where error.status == 403 {
      guard let client = try await keyed(by: account, arm) else { throw error }
      try await client.makeContainer(address)
      return client
    }
  }

  /// This client as it may see a blob that the user named: by the address's own signature or a
  /// token, else by the key of its account, which is looked for in `subscription`, where whoever is
  /// signed in may have that.
  /// - Throws: ``AzureError`` where nothing lets in.
  public func admitted(
    to address: BlobAddress, in subscription: String?, _ arm: ARMClient
  ) async throws -> BlobClient {
    do {
      _ = try await mark(of: address)
      return self
    } catch let error as AzureError where error.isForRole && address.signature == nil {
      guard let subscription, let account = try await account(of: address, subscription, arm),
        let client = try await keyed(by: account, arm)
      else { throw error }
      _ = try await client.mark(of: address)
      return client
    }
  }

  private func account(
    of address: BlobAddress, _ subscription: String, _ arm: ARMClient
  ) async throws -> ResourceID? {
    let path = "/subscriptions/\(subscription)/providers/Microsoft.Storage/storageAccounts"
    let all = try await arm.list(path)
    // Names of accounts are unique in the whole cloud.
    let found = all.first { $0["name"]?.text == address.account }
    return found?["id"]?.text.flatMap { ResourceID($0) }
  }

  /// This client by the account's key; `nil` where whoever is signed in may not have it.
  private func keyed(by account: ResourceID, _ arm: ARMClient) async throws -> BlobClient? {
    let answer: JSON
    do {
      answer = try await arm.perform(.post(account, "listKeys"))
    } catch let error as AzureError where error.status == 403 {
      return nil
    }
    guard let key = answer["keys"]?.elements.first?["value"]?.text,
      let name = account["storageAccounts"]
    else { return nil }
    var client = self
    client.key = SharedKey(account: name, key: Secret(key))
    return client
  }
}

extension AzureError {
  /// Whether whoever is signed in lacks a role for blobs: network rules refuse a key as well.
  fileprivate var isForRole: Bool { status == 403 && !hasCode("AuthorizationFailure") }
}
