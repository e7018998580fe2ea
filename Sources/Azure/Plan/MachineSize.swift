/// A size of machines, as far as a build asks after it: what Azure tells of one is some kilobytes.
struct MachineSize: Sendable, Hashable {
  /// Its name, as in `Standard_D2s_v5`.
  let name: String
  /// How many processors it has.
  let processors: Int
  /// The generations of images that it starts; none where it does not say.
  let generations: [String]
  /// Its processors' kind, as in `x64`; `nil` where it does not say.
  let architecture: String?
  /// Whether the subscription may have none in the region.
  let isRestricted: Bool
  /// Whether it has Trusted Launch.
  let hasTrustedLaunch: Bool
  /// Whether it is sold as a spot machine.
  let isSoldAsSpot: Bool

  /// Reads an entry of `Microsoft.Compute/skus`; `nil` for what is no machine.
  init?(_ sku: JSON) {
    guard sku["resourceType"]?.text?.lowercased() == "virtualmachines",
      let name = sku["name"]?.text
    else { return nil }
    let pairs = (sku["capabilities"]?.elements ?? []).compactMap { capability in
      capability["name"]?.text.flatMap { name in
        capability["value"]?.text.map { (name, $0) }
      }
    }
    let capabilities = Dictionary(pairs) { first, _ in first }
    self.name = name
    processors = capabilities["vCPUs"].flatMap { Int($0) } ?? 1
    generations = (capabilities["HyperVGenerations"] ?? "").split(separator: ",").map(String.init)
    architecture = capabilities["CpuArchitectureType"]
    // A restriction to some zones is none for a machine without one.
    isRestricted = (sku["restrictions"]?.elements ?? []).contains { $0["type"]?.text == "Location" }
    hasTrustedLaunch = capabilities["TrustedLaunchDisabled"] != "True"
    isSoldAsSpot = capabilities["LowPriorityCapable"] != "False"
  }
}

/// What sizes subscriptions may have: asked once for all builds of a process, since the answer is
/// megabytes.
actor SizeLists {
  private var known: [String: [MachineSize]] = [:]
  private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

  /// The list of this name, which the first who wants it asks for; the others wait for that.
  func sizes(
    _ name: String, _ ask: @Sendable () async throws -> [MachineSize]
  ) async throws -> [MachineSize] {
    while true {
      if let list = known[name] { return list }
      guard waiting[name] != nil else {
        waiting[name] = []
        defer { for waiter in waiting.removeValue(forKey: name) ?? [] { waiter.resume() } }
        let list = try await ask()
        known[name] = list
        return list
      }
      await withCheckedContinuation { waiting[name]?.append($0) }
      try Task.checkCancellation()
    }
  }
}

extension ARMClient {
  /// The sizes that a subscription may have in a region.
  func sizes(in location: String, of subscription: String) async throws -> [MachineSize] {
    try await sizeLists.sizes("\(subscription) \(location)") {
      try await list(
        "/subscriptions/\(subscription)/providers/Microsoft.Compute/skus",
        query: ["$filter": "location eq '\(location)'"]
      ) { MachineSize($0) }
    }
  }
}
