internal import Template

/// What Azure says of a place that a run output goes to.
struct TargetFacts {
  /// The build that makes the output.
  struct Making {
    let location: String
    let source: SourceFacts
    let number: BuildSurvey.Numbering
  }

  /// What is going to be made, in the version that is free.
  let target: OutputPlan.Target
  /// Whether the machine must have Trusted Launch for it.
  let protection: SourceFacts.Protection

  /// Asks Azure, and settles the version's number.
  /// - Throws: ``AzureError`` where the output could not be made there.
  static func of(
    _ distributor: Distributor, _ making: Making, _ arm: ARMClient
  ) async throws -> TargetFacts {
    switch distributor.target {
    case .managedImage(let id, let location):
      try await image(id, location, making, arm)
    case .sharedImage(let image): try await version(image, making, arm)
    case .vhd(let uri?) where !uri.isEmpty:
      TargetFacts(
        target: .vhd(
          try arm.cloud.blob(at: uri, for: "make a VHD at `\(uri.prefix { $0 != "?" })`")),
        protection: .usual)
    case .vhd:
      TargetFacts(
        target: .vhdOfOurs(container: "vhds", name: "\(distributor.runOutputName.text).vhd"),
        protection: .usual)
    }
  }

  private static func image(
    _ id: ResourceID, _ location: String, _ making: Making, _ arm: ARMClient
  ) async throws -> TargetFacts {
    let operation = "make \(id)"
    guard location.regionKey == making.location.regionKey else {
      throw AzureError(
        operation, "its location is \(location), and the build VM is in \(making.location)",
        hint: "a managed image is in the region of its machine: give both the same location")
    }
    guard making.source.protection == .usual else {
      throw AzureError(
        operation,
        "the source starts with Trusted Launch alone, of which Azure makes no managed image",
        hint: "distribute to a SharedImage instead")
    }
    try await needGroup(of: id, operation, arm)
    return TargetFacts(
      target: .managedImage(id, location: location, generation: making.source.generation),
      protection: .usual)
  }

  private static func version(
    _ image: SharedImage, _ making: Making, _ arm: ARMClient
  ) async throws -> TargetFacts {
    let id =
      image.imageID["versions"] == nil ? image.imageID : image.imageID.parent ?? image.imageID
    let facts: JSON
    do {
      facts = try await arm.perform(.get(id))
    } catch let error as AzureError where error.isNotFound {
      throw AzureError(
        "make a version of \(id)", error.message,
        hint: "make the gallery and the image definition first: `az sig image-definition create`")
    }
    let operation = "make a version of \(id)"
    guard facts[path: "properties", "osState"]?.text != "Specialized" else {
      throw AzureError(
        operation, "it is for specialized images",
        hint: "use a definition with osState Generalized")
    }
    let generation = facts[path: "properties", "hyperVGeneration"]?.text ?? "V1"
    guard generation == making.source.generation.rawValue else {
      throw AzureError(
        operation,
        "it is for generation \(generation), and the source is of \(making.source.generation.rawValue)",
        hint: "use a definition of the same hyperVGeneration")
    }
    guard SourceFacts.system(facts[path: "properties", "osType"]) == making.source.system else {
      throw AzureError(
        operation, "it is for another system than the source has",
        hint: "use a definition whose osType is that of the source")
    }
    let taken = try await arm.list("\(id)/versions").compactMap { $0["name"]?.text }
    let number = try making.number(image, taken, making.source.version)
    guard !taken.contains(number), let version = ResourceID("\(id)/versions/\(number)") else {
      throw AzureError(
        operation, "version \(number) is there already",
        hint: "give another number, or none: then it gets the next one")
    }
    return TargetFacts(
      target: .version(version, location: facts["location"]?.text ?? making.location, image),
      protection: SourceFacts.protection(of: facts))
  }

  private static func needGroup(
    of id: ResourceID, _ operation: String, _ arm: ARMClient
  ) async throws {
    guard let group = id.group else {
      throw AzureError(operation, "its id names no resource group")
    }
    guard try await arm.exists(group) else {
      throw AzureError(
        operation, "there is no resource group \(group)",
        hint: "make it first: `az group create`; Kiln makes none but its own")
    }
  }
}

extension ResourceID {
  /// The resource group that it is in.
  var group: ResourceID? {
    guard let subscription = self["subscriptions"], let name = self["resourceGroups"] else {
      return nil
    }
    return ResourceID("/subscriptions/\(subscription)/resourceGroups/\(name)")
  }
}
