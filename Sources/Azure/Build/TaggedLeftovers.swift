public import Pipeline
public import Template

/// What a run left in a subscription, as its tags tell, also from another machine.
public struct TaggedLeftovers: Sendable, Hashable {
  /// The run.
  public let run: String
  /// When everything may be removed by anybody; `nil` where the tag can't be read.
  public let expires: Timestamp?
  /// The resources and resource groups.
  public let ids: [ResourceID]

  /// Finds what runs left in a subscription, or still have there.
  ///
  /// Run outputs that are whole are not among it.
  /// - Throws: ``AzureError``, ``CredentialError``, `CancellationError`.
  public static func find(
    in subscription: String, _ arm: ARMClient
  ) async throws -> [TaggedLeftovers] {
    let filter = ["$filter": "tagName eq '\(BuildTags.expires)'"]
    let root = "/subscriptions/\(subscription)"
    let groups = try await arm.list("\(root)/resourcegroups", query: filter)
    let resources = try await arm.list("\(root)/resources", query: filter)
    let tagged = (groups + resources).filter { $0[path: "tags", BuildTags.expires] != nil }
    let runs = Dictionary(grouping: tagged) { $0[path: "tags", BuildTags.run]?.text ?? "" }
    return runs.filter { !$0.key.isEmpty }.map { run, entries in
      let times = entries.compactMap { $0[path: "tags", BuildTags.expires]?.text }
        .map { Timestamp($0) }
      return TaggedLeftovers(
        run: run, expires: times.contains(nil) ? nil : times.compactMap { $0 }.max(),
        ids: entries.compactMap { $0["id"]?.text }.compactMap { ResourceID($0) })
    }.sorted { $0.run < $1.run }
  }

  /// Removes them.
  /// - Throws: the first error, when all others have been tried.
  public func remove(by arm: ARMClient) async throws {
    let staging = Staging(arm, journal: NoLedger())
    try await staging.remove(ids.map { staging.note($0) })
  }
}

/// Where it is noted what a run makes and what is gone again: its journal, or nowhere.
public protocol ResourceLedger: Sendable {
  /// Notes that a resource will be made; make it only when this has returned.
  func intend(_ resource: Resource) async throws
  /// Notes that a resource stays on purpose.
  func keep(_ resource: Resource) async throws
  /// Notes that a resource is gone.
  func gone(_ resource: Resource) async throws
}

extension Journal: ResourceLedger {}

/// Notes nothing: what tags alone tell of has its journal elsewhere.
struct NoLedger: ResourceLedger {
  func intend(_ resource: Resource) {}
  func keep(_ resource: Resource) {}
  func gone(_ resource: Resource) {}
}
