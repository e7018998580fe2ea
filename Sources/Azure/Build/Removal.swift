internal import HTTP
public import Pipeline
internal import Template

/// In which order resources can be removed.
enum RemovalOrder {
  /// Groups of resources: those of one can go at the same time, when the ones before are gone.
  static func waves(_ ids: [ResourceID]) -> [[ResourceID]] {
    Dictionary(grouping: ids) { rank($0) }.sorted { $0.key < $1.key }.map(\.value)
  }

  /// A thing goes after those that use it (`azure.md` 1.5).
  private static func rank(_ id: ResourceID) -> Int {
    switch id.resourceType.lowercased() {
    case "microsoft.compute/virtualmachines", "microsoft.compute/galleries/images/versions": 0
    case "microsoft.network/networkinterfaces", "microsoft.compute/images": 1
    case "microsoft.network/networksecuritygroups": 3
    case "resourcegroups": 4
    default: 2
    }
  }
}

extension Staging {
  /// How often a resource is tried that something still uses, and how long it is waited between.
  private static let deletions = RetryPolicy(
    tries: 8, total: .seconds(900), firstDelay: .seconds(5), longestDelay: .seconds(30))

  /// Removes what a journal says is left, and writes down that it is gone; what is not there is as
  /// good as removed.
  ///
  /// Leave to read disks is revoked first. Where the build's own resource group is among them, the
  /// rest goes with it.
  /// - Throws: the first error, when all others have been tried.
  public func remove(_ left: [Resource]) async throws {
    let own = left.filter { $0.cloud == arm.cloud.resourceManager }
    try await forEach(own.filter { $0.disk != nil }) { resource in
      guard let disk = resource.disk else { return }
      try await revoke(disk)
      try await journal.gone(resource)
    }
    let ids = own.compactMap(\.azureID)
    let groups = ids.filter { $0.resourceType.lowercased() == "resourcegroups" }
    let covered = ids.filter { id in groups.contains { id != $0 && id.isInside($0) } }
    for wave in RemovalOrder.waves(ids.filter { !covered.contains($0) }) {
      try await forEach(wave) { id in
        try await delete(id)
        for gone in covered where gone.isInside(id) { try await journal.gone(note(gone)) }
        try await journal.gone(note(id))
      }
    }
  }

  /// Removes a resource, as soon as nothing uses it any more.
  func delete(_ id: ResourceID) async throws {
    let isGroup = id.resourceType.lowercased() == "resourcegroups"
    if isGroup { try await revokeAll(in: id) }
    let elapsed = arm.wire.pace.stopwatch()
    for attempt in 1... {
      do {
        try await arm.perform(.delete(id))
        return
      } catch let error as AzureError where error.isInUse {
        let delay = Self.deletions.delay(
          afterTry: attempt, asked: nil, elapsed: elapsed(), random: arm.wire.pace.random())
        guard let delay else { throw error }
        try await arm.wire.pace.pause(delay)
      }
    }
  }

  /// Ends all leave to read a disk.
  func revoke(_ disk: ResourceID) async throws {
    do {
      try await arm.perform(.post(disk, "endGetAccess"))
    } catch let error as AzureError where error.isNotFound {
      return
    }
  }

  /// A group with a disk that somebody may read can't be removed.
  private func revokeAll(in group: ResourceID) async throws {
    let disks: [JSON]
    do {
      disks = try await arm.list("\(group)/providers/Microsoft.Compute/disks")
    } catch let error as AzureError where error.isNotFound {
      return
    }
    for disk in disks.compactMap({ $0["id"]?.text }).compactMap({ ResourceID($0) }) {
      try await revoke(disk)
    }
  }

  /// Does something with each at the same time; the first error is thrown when all have ended.
  private func forEach<Element: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Void
  ) async throws {
    let first = await withTaskGroup(of: (any Error)?.self) { group in
      for element in elements {
        group.addTask {
          do { try await body(element) } catch { return error }
          return nil
        }
      }
      var first: (any Error)?
      for await error in group where first == nil { first = error }
      return first
    }
    if let first { throw first }
  }
}

extension AzureError {
  /// Whether something uses the thing, which will not last: what uses it is being removed.
  fileprivate var isInUse: Bool {
    let code = code?.lowercased() ?? ""
    return status == 409 || code.contains("inuse") || code.contains("cannotbedeleted")
      || code.contains("operationnotallowed")
  }
}

extension Resource {
  /// The Resource Manager of a resource in Azure.
  fileprivate var cloud: String? {
    switch self {
    case .azure(_, let cloud), .azureAccess(_, let cloud): cloud
    default: nil
    }
  }

  fileprivate var azureID: ResourceID? {
    if case .azure(let id, _) = self { ResourceID(id) } else { nil }
  }

  fileprivate var disk: ResourceID? {
    if case .azureAccess(let disk, _) = self { ResourceID(disk) } else { nil }
  }
}

extension ResourceID {
  /// Whether it is in the resource group or the resource.
  func isInside(_ other: ResourceID) -> Bool {
    text.lowercased().hasPrefix(other.text.lowercased() + "/")
  }
}
