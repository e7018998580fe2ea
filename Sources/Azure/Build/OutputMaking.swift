internal import Pipeline
internal import Template

/// Makes run outputs of a captured machine.
public struct OutputMaking: Sendable {
  /// Makes and removes resources.
  public let staging: Staging
  /// Blobs.
  public let blobs: BlobClient
  /// What the build's resources are called.
  public let names: BuildNames
  /// The region of the machine.
  public let location: String
  /// The wait between two looks at a version's replicas, which take minutes to hours.
  var replicaLook = Duration.seconds(30)

  /// How long an output may take: replicas to far regions take hours.
  private static let limit = Duration.seconds(6 * 3600)
  /// How long the leave to read the disk is good, in seconds.
  private static let accessSeconds: Int64 = 6 * 3600
  /// How long removing a half-made output may take.
  private static let removalLimit = Duration.seconds(600)
  /// The longest wait between two looks at a copy; the first are shorter, for small disks.
  private static let look = Duration.seconds(15)

  /// Works for the build of `names`.
  public init(staging: Staging, blobs: BlobClient, names: BuildNames, location: String) {
    self.staging = staging
    self.blobs = blobs
    self.names = names
    self.location = location
  }

  /// Makes one output, whole or not at all; `progress` is told the part that is done.
  /// - Returns: the id of the resource, or the blob's address.
  /// - Throws: ``AzureError``, `CancellationError`; then nothing of it is there, unless that could
  ///   not be removed: that is in the journal.
  public func make(
    _ plan: OutputPlan, progress: @escaping @Sendable (Double) -> Void
  ) async throws -> String {
    switch plan.target {
    case .managedImage(let id, _, _), .version(let id, _, _):
      try await makeResource(id, plan, progress)
      progress(1)
      return id.text
    case .vhd(let address):
      let client = try await blobs.admitted(
        to: address, in: names.subscription, staging.arm)
      try await withAccess { try await copy(from: $0, to: address, by: client, progress) }
      return address.url
    case .vhdOfOurs(let container, let name):
      let (address, client) = try await makeAccount(plan, container, name)
      try await withAccess { try await copy(from: $0, to: address, by: client, progress) }
      try await settle(names.account, plan.account(in: location, .done))
      // The account stays, and so does the group that it is in.
      if names.group == .own {
        let whole: JSON = ["location": .string(location), "tags": JSON(plan.tags.lasting)]
        try await settle(names.groupID, whole)
      }
      return address.url
    }
  }

  // MARK: Images and versions

  /// What was there before is replaced, and never removed.
  private func makeResource(
    _ id: ResourceID, _ plan: OutputPlan, _ progress: @escaping @Sendable (Double) -> Void
  ) async throws {
    guard let body = plan.body(from: names.machine, .making),
      let whole = plan.body(from: names.machine, .done)
    else { return }
    let isNew = try await !staging.arm.exists(id)
    if case .version = plan.target, !isNew {
      throw AzureError(
        "create \(id)", "it is there already: another build made it meanwhile",
        hint: "build again: without a number of its own, a version gets the next one")
    }
    if isNew { try await staging.journal.intend(staging.note(id)) }
    do {
      try await following(id, plan.target, progress) {
        try await staging.arm.perform(.put(id, body), within: Self.limit)
      }
      try await settle(id, whole)
    } catch {
      if isNew {
        try await withRelease(limit: Self.removalLimit, for: "\(id) to be removed") {
          try await staging.remove([staging.note(id)])
        }
      }
      throw error
    }
  }

  /// Runs `body`, and tells meanwhile how much of a version its regions have.
  private func following(
    _ id: ResourceID, _ target: OutputPlan.Target, _ progress: @escaping @Sendable (Double) -> Void,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    guard case .version = target else { return try await body() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await body() }
      group.addTask {
        while true {
          try await ContinuousClock().sleep(for: replicaLook)
          let request = ARMRequest(.get, id.text, query: ["$expand": "ReplicationStatus"])
          // What goes wrong with it is the other task's to tell.
          guard let version = try? await staging.arm.perform(request) else { continue }
          let regions = version[path: "properties", "replicationStatus", "summary"]?.elements ?? []
          let shares = regions.map { Double($0["progress"]?.int ?? 0) / 100 }
          if !shares.isEmpty { progress(shares.reduce(0, +) / Double(shares.count)) }
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// Takes away the tag that lets anybody remove it: it is whole, and the journal's no more.
  private func settle(_ id: ResourceID, _ whole: JSON) async throws {
    try await staging.arm.perform(.put(id, whole), within: Self.limit)
    try await staging.journal.gone(staging.note(id))
  }

  // MARK: VHDs

  /// Runs `body` with an address that lets read the machine's disk, and revokes it after.
  private func withAccess(_ body: @Sendable (Secret) async throws -> Void) async throws {
    let access = staging.noteAccess(to: names.disk)
    // Asked for inside the scope: a request whose answer was lost may have been carried out.
    try await withResource(
      { try await staging.journal.intend(access) },
      release: { try await staging.remove([access]) },
      limit: Self.removalLimit, for: "the leave to read the disk to be revoked"
    ) { try await body(try await grant()) }
  }

  private func grant() async throws -> Secret {
    let request = ARMRequest.post(
      names.disk, "beginGetAccess",
      ["access": "Read", "durationInSeconds": .integer(Self.accessSeconds)])
    let answer = try await staging.arm.perform(request)
    guard let address = answer["accessSAS"]?.text else {
      throw AzureError(request.purpose, "the answer has no accessSAS")
    }
    return Secret(address)
  }

  private func copy(
    from source: Secret, to address: BlobAddress, by blobs: BlobClient,
    _ progress: @escaping @Sendable (Double) -> Void
  ) async throws {
    do {
      var copy = try await blobs.copy(from: source, to: address)
      let elapsed = staging.arm.wire.pace.stopwatch()
      var wait = Duration.seconds(1)
      while copy.state == .pending {
        progress(copy.share)
        guard elapsed() < Self.limit else {
          throw DeadlineExceeded(waitedFor: "the copy to \(address)", limit: Self.limit)
        }
        try await staging.arm.wire.pace.pause(wait)
        wait = min(wait * 2, Self.look)
        copy = try await blobs.copyState(of: address)
      }
      if case .failed(let why) = copy.state { throw AzureError("copy the disk to \(address)", why) }
      progress(1)
    } catch {
      // A failed copy leaves an empty blob.
      try await withRelease(limit: Self.removalLimit, for: "\(address) to be removed") {
        try await blobs.delete(address)
      }
      throw error
    }
  }

  private func makeAccount(
    _ plan: OutputPlan, _ container: String, _ name: String
  ) async throws -> (BlobAddress, BlobClient) {
    let request = ARMRequest.put(names.account, plan.account(in: location, .making))
    try await staging.journal.intend(staging.note(names.account))
    let made = try await staging.arm.perform(request, within: Self.limit)
    guard let endpoint = made[path: "properties", "primaryEndpoints", "blob"]?.text else {
      throw AzureError(request.purpose, "the answer has no properties.primaryEndpoints.blob")
    }
    let address = BlobAddress(endpoint: endpoint, container: container, name: name)
    return (address, try await blobs.opened(address, of: names.account, staging.arm))
  }
}
