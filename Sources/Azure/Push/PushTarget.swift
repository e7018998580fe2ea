public import Template

/// Where a pushed image goes, as Azure knows the place.
public struct PushTarget: Sendable {
  /// What is made.
  public let target: OutputPlan.Target
  /// The generation of its firmware.
  public let generation: OutputPlan.Generation

  /// Asks Azure for the place of `id`: a managed image, an image definition or a version of one;
  /// `number` finds a new version's.
  /// - Throws: ``AzureError`` where the place is not there, or the generation is not known.
  public static func settle(
    _ id: ResourceID, location: String?, _ generation: OutputPlan.Generation?, _ arm: ARMClient,
    number: ([String]) throws -> String
  ) async throws -> PushTarget {
    let operation = "push to \(id)"
    if id["galleries"] == nil {
      guard id["images"] != nil, let group = id.group else {
        throw AzureError(
          operation, "it is the id of no image",
          hint: "a managed image's ends in /images/NAME, a definition's in /galleries/G/images/D")
      }
      guard let generation else {
        throw AzureError(
          operation, "the generation of the disk's firmware is not known",
          hint: "give --generation V1 for BIOS, or V2 for UEFI")
      }
      let home = try await arm.perform(.get(group))["location"]?.text
      guard let place = location ?? home else {
        throw AzureError(operation, "its resource group has no location")
      }
      return PushTarget(
        target: .managedImage(id, location: place, generation: generation), generation: generation)
    }
    guard let definition = id["versions"] == nil ? id : id.parent else {
      throw AzureError(operation, "it names no image definition")
    }
    let facts = try await arm.perform(.get(definition))
    let wanted = OutputPlan.Generation(
      rawValue: facts[path: "properties", "hyperVGeneration"]?.text ?? "V1")
    guard let wanted, generation == nil || generation == wanted else {
      throw AzureError(
        operation, "the definition is for another generation than the disk",
        hint: "use a definition whose hyperVGeneration is \(generation?.rawValue ?? "V1")")
    }
    let taken = try await arm.list("\(definition)/versions").compactMap { $0["name"]?.text }
    let version = try id["versions"] ?? number(taken)
    guard let whole = ResourceID("\(definition)/versions/\(version)") else {
      throw AzureError(operation, "`\(version)` is no version")
    }
    let image = SharedImage(
      imageID: definition, versioning: .explicit(version), targetRegions: [],
      excludeFromLatest: false, replicationMode: .full)
    return PushTarget(
      target: .version(whole, location: facts["location"]?.text ?? "", image), generation: wanted)
  }
}
