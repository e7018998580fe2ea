internal import Pipeline
public import Template

/// Makes an image, or a version in a gallery, of a VHD on this machine, by a disk that is uploaded:
/// no build VM, no storage account.
public struct ImagePush: Sendable {
  /// What is known of the disk.
  public struct Kind: Sendable, Hashable {
    /// `Linux` or `Windows`.
    public var system: String
    /// The generation of the firmware; `nil` for that of the definition.
    public var generation: OutputPlan.Generation?

    /// Describes a disk.
    public init(system: String, generation: OutputPlan.Generation?) {
      self.system = system
      self.generation = generation
    }
  }

  private let push: DiskPush
  private let arm: ARMClient
  private let kind: Kind
  private let tags: BuildTags

  /// How long an image or a version may take.
  private static let limit = Duration.seconds(6 * 3600)
  private static let accessSeconds: Int64 = 24 * 3600
  private static let releaseLimit = Duration.seconds(600)

  /// Puts a push together; `tags` are those of the disk and of the result.
  public init(_ push: DiskPush, _ kind: Kind, tags: BuildTags, over arm: ARMClient) {
    self.push = push
    self.kind = kind
    self.tags = tags
    self.arm = arm
  }

  /// Makes it; the disk between is named by the ledger, stays after an interruption, and is removed
  /// in the end.
  /// - Returns: the id of what was made.
  /// - Throws: ``AzureError``, ``DeadlineExceeded``, `CancellationError`.
  public func make(
    _ target: OutputPlan.Target, progress: @escaping @Sendable (Double) -> Void
  ) async throws -> (id: ResourceID, sent: DiskPush.Sent) {
    let (id, location) = try place(of: target)
    guard let group = id.group,
      let disk = ResourceID(
        "\(group)/providers/Microsoft.Compute/disks/kiln-push-\(push.ledger.mark)")
    else { throw AzureError("push to \(id)", "its id names no resource group") }
    if try await !arm.exists(disk) {
      if push.ledger.isBegun { try push.ledger.startOver() }
      try await arm.perform(.put(disk, diskBody(location)))
    }
    let sent = try await withAccess(to: disk) { try await push.send(to: .sas($0), progress) }
    try await arm.perform(.put(id, body(target, disk, location)), within: Self.limit)
    try await arm.perform(.delete(disk))
    return (id, sent)
  }

  private func place(
    of target: OutputPlan.Target
  ) throws(AzureError) -> (ResourceID, String) {
    switch target {
    case .managedImage(let id, let location, _), .version(let id, let location, _):
      return (id, location)
    case .vhd, .vhdOfOurs: throw AzureError("push an image", "the target is a blob")
    }
  }

  private func withAccess<Value: Sendable>(
    to disk: ResourceID, _ body: @Sendable (Secret) async throws -> Value
  ) async throws -> Value {
    try await withResource(
      {},
      release: { [arm] _ in try await arm.perform(.post(disk, "endGetAccess")) },
      limit: Self.releaseLimit, for: "the leave to write the disk to be revoked"
    ) { _ in
      let request = ARMRequest.post(
        disk, "beginGetAccess",
        ["access": "Write", "durationInSeconds": .integer(Self.accessSeconds)])
      guard let address = try await arm.perform(request)["accessSAS"]?.text else {
        throw AzureError(request.purpose, "the answer has no accessSAS")
      }
      return try await body(Secret(address))
    }
  }

  private func diskBody(_ location: String) -> JSON {
    [
      "location": .string(location), "tags": JSON(tags.temporary),
      "sku": ["name": "Standard_LRS"],
      "properties": [
        "osType": .string(kind.system),
        "hyperVGeneration": .string((kind.generation ?? .first).rawValue),
        "creationData": [
          "createOption": "Upload", "uploadSizeBytes": .integer(push.file.size),
        ],
      ],
    ]
  }

  private func body(_ target: OutputPlan.Target, _ disk: ResourceID, _ location: String) -> JSON {
    let source: JSON = ["id": .string(disk.text)]
    let tags = JSON(tags.lasting)
    guard case .version(_, _, let image) = target else {
      return [
        "location": .string(location), "tags": tags,
        "properties": [
          "hyperVGeneration": .string((kind.generation ?? .first).rawValue),
          "storageProfile": [
            "osDisk": [
              "osType": .string(kind.system), "osState": "Generalized", "managedDisk": source,
            ]
          ],
        ],
      ]
    }
    return [
      "location": .string(location), "tags": tags,
      "properties": [
        "publishingProfile": OutputPlan.publishing(image, location),
        "storageProfile": ["osDiskImage": ["source": source]],
      ],
    ]
  }
}
