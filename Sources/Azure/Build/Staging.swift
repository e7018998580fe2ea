internal import Pipeline
internal import Template

/// Makes and removes what builds need in Azure, and keeps the journal of it.
public struct Staging: Sendable {
  /// Resource Manager.
  public let arm: ARMClient
  /// Where each resource is noted before it is made, and again when it is gone.
  public let journal: any ResourceLedger

  /// How long one resource may take; machines are the slowest, at some minutes.
  private static let limit = Duration.seconds(1800)

  /// Works with `arm`, and writes down in `journal` what it does.
  public init(_ arm: ARMClient, journal: any ResourceLedger) {
    self.arm = arm
    self.journal = journal
  }

  /// Makes all resources of a plan, each as soon as what it needs is there.
  ///
  /// What one failure leaves is in the journal.
  /// - Throws: the first error; then nothing more is begun.
  public func make(_ plan: StagingPlan) async throws {
    var left = plan.resources
    var made: Set<ResourceID> = []
    try await withThrowingTaskGroup(of: ResourceID.self) { group in
      func begin() {
        for resource in left where made.isSuperset(of: resource.needs) {
          group.addTask {
            try await make(resource)
            return resource.id
          }
        }
        left.removeAll { made.isSuperset(of: $0.needs) }
      }
      begin()
      while let next = try await group.next() {
        made.insert(next)
        begin()
      }
    }
  }

  private func make(_ resource: PlannedResource) async throws {
    for id in [resource.id] + resource.alsoMakes { try await journal.intend(note(id)) }
    try await arm.perform(.put(resource.id, resource.body), within: Self.limit)
  }

  /// The journal's name for a resource.
  func note(_ id: ResourceID) -> Resource {
    .azure(id: id.text, cloud: arm.cloud.resourceManager)
  }

  /// The journal's name for leave to read a disk.
  func noteAccess(to disk: ResourceID) -> Resource {
    .azureAccess(disk: disk.text, cloud: arm.cloud.resourceManager)
  }

  /// Where a machine is reached: its public address, or its private one in a network of the user's.
  /// - Throws: ``AzureError`` where it has none.
  public func address(of plan: StagingPlan) async throws -> String {
    let (id, path): (ResourceID, [String])
    switch plan.network {
    case .made: (id, path) = (plan.names.address, ["properties", "ipAddress"])
    case .subnet: (id, path) = (plan.names.card, ["properties", "ipConfigurations"])
    }
    let request = ARMRequest.get(id)
    var value = try await arm.perform(request)
    for name in path { value = value[name] ?? .null }
    if let first = value.elements.first {
      value = first[path: "properties", "privateIPAddress"] ?? .null
    }
    guard let address = value.text else { throw AzureError(request.purpose, "it has no address") }
    return address
  }

  /// Takes the machine off and marks it as generalized: from then on it never starts again, and
  /// images can be made of it.
  public func capture(_ names: BuildNames) async throws {
    try await arm.perform(.post(names.machine, "deallocate"), within: Self.limit)
    try await arm.perform(.post(names.machine, "generalize"))
  }
}
