import Azure

/// The clients of Azure that all builds of a process share: whoever needs a token has the others', and
/// all requests are in one trace.
actor SharedAccess {
  private var opened: [String: AzureAccess] = [:]

  /// The clients for a subscription; the first who asks opens them.
  func open(_ cloud: CloudArguments, for subscription: String) async throws -> AzureAccess {
    if let access = opened[subscription] { return access }
    let access = try await cloud.open(for: subscription.isEmpty ? nil : subscription)
    // Somebody else may have been faster meanwhile.
    if let first = opened[subscription] { return first }
    opened[subscription] = access
    return access
  }
}
