internal import FoundationEssentials
public import Pipeline
internal import Template

/// What Azure says of the image that a build starts from.
public struct SourceFacts: Sendable, Hashable {
  /// How far an image goes with Trusted Launch.
  public enum Protection: Sendable, Hashable {
    /// It starts without, and perhaps with it.
    case usual
    /// It starts with it alone.
    case trustedLaunch
  }

  /// What the machine's disk starts as.
  public var origin: MachineSpec.Origin
  /// Its exact version, where it has one.
  public var version: String?
  /// The generation of the machine's firmware.
  public var generation: OutputPlan.Generation
  /// How it is protected.
  public var protection: Protection
  /// What system it holds.
  public var system: GuestSystem
  /// The image in words.
  public var description: String

  /// Asks Azure.
  /// - Throws: ``AzureError`` where it is not there, not in this region, or no source of images.
  static func of(
    _ source: Source, in location: String, _ subscription: String, _ arm: ARMClient
  ) async throws -> SourceFacts {
    switch source {
    case .platformImage(let image): try await platform(image, location, subscription, arm)
    case .managedImage(let id): try await managed(id, location, arm)
    case .sharedImageVersion(let id): try await shared(id, location, arm)
    case .iso:
      throw AzureError(
        "start from an ISO image", "Azure makes no machine of one",
        hint: "start from a PlatformImage")
    }
  }

  private static func platform(
    _ image: PlatformImage, _ location: String, _ subscription: String, _ arm: ARMClient
  ) async throws -> SourceFacts {
    let base =
      "/subscriptions/\(subscription)/providers/Microsoft.Compute/locations/\(location.regionKey)"
      + "/publishers/\(image.publisher)/artifacttypes/vmimage/offers/\(image.offer)"
      + "/skus/\(image.sku)/versions"
    let name = "\(image.publisher):\(image.offer):\(image.sku)"
    var version = image.version
    if version.lowercased() == "latest" {
      let newest = try await arm.list(base, query: ["$top": "1", "$orderby": "name desc"])
      guard let found = newest.first?["name"]?.text else {
        throw AzureError(
          "find the latest version of \(name)", "there is none in \(location)",
          hint: "check publisher, offer, sku and region: `az vm image list --all` shows them")
      }
      version = found
    }
    let facts = try await arm.perform(ARMRequest(.get, "\(base)/\(version)"))
    let plan = image.plan ?? PurchasePlan(facts[path: "properties", "plan"])
    let exact = PlatformImage(
      publisher: image.publisher, offer: image.offer, sku: image.sku, version: version, plan: plan)
    return SourceFacts(
      origin: .platform(exact), version: version, generation: generation(of: facts),
      protection: protection(of: facts),
      system: system(facts[path: "properties", "osDiskImage", "operatingSystem"]),
      description: "\(name):\(version)")
  }

  private static func managed(
    _ id: ResourceID, _ location: String, _ arm: ARMClient
  ) async throws -> SourceFacts {
    let facts = try await arm.perform(.get(id))
    try check(id, facts, location)
    return SourceFacts(
      origin: .image(id, plan: nil), version: nil, generation: generation(of: facts),
      protection: .usual,
      system: system(facts[path: "properties", "storageProfile", "osDisk", "osType"]),
      description: id.text)
  }

  private static func shared(
    _ id: ResourceID, _ location: String, _ arm: ARMClient
  ) async throws -> SourceFacts {
    guard let definition = id["versions"] == nil ? id : id.parent else {
      throw AzureError("read \(id)", "it names no version of an image")
    }
    let facts = try await arm.perform(.get(definition))
    guard facts[path: "properties", "osState"]?.text != "Specialized" else {
      throw AzureError(
        "start from \(id)", "it is a specialized image",
        hint: "the source must be generalized: its definition has osState Generalized")
    }
    let asked = id["versions"] ?? "latest"
    let version =
      asked.lowercased() == "latest"
      ? try await newest(of: definition, in: location, arm) : try await one(id, in: location, arm)
    let exact = ResourceID("\(definition)/versions/\(version)") ?? id
    return SourceFacts(
      origin: .image(exact, plan: PurchasePlan(facts[path: "properties", "purchasePlan"])),
      version: version, generation: generation(of: facts), protection: protection(of: facts),
      system: system(facts[path: "properties", "osType"]), description: exact.text)
  }

  private static func one(
    _ id: ResourceID, in location: String, _ arm: ARMClient
  ) async throws -> String {
    let facts = try await arm.perform(.get(id))
    guard isThere(facts, in: location) else {
      throw AzureError(
        "start from \(id)", "it has no replica in \(location)",
        hint: "replicate it to that region, or build where it is")
    }
    return id["versions"] ?? ""
  }

  private static func newest(
    of definition: ResourceID, in location: String, _ arm: ARMClient
  ) async throws -> String {
    let versions = try await arm.list("\(definition)/versions")
    let candidates = versions.filter { version in
      let profile = version[path: "properties", "publishingProfile"]
      return profile?["excludeFromLatest"]?.bool != true && isThere(version, in: location)
    }
    let names = candidates.compactMap { $0["name"]?.text }
    guard
      let newest = names.max(by: { $0.versionNumbers.lexicographicallyPrecedes($1.versionNumbers) })
    else {
      throw AzureError(
        "find the latest version of \(definition)", "there is none in \(location)",
        hint: "replicate a version to that region, or build where one is")
    }
    return newest
  }

  private static func isThere(_ version: JSON, in location: String) -> Bool {
    let profile = version[path: "properties", "publishingProfile"]
    let regions = profile?["targetRegions"]?.elements.compactMap { $0["name"]?.text } ?? []
    let own = version["location"]?.text.map { [$0] } ?? []
    return (regions + own).contains { $0.regionKey == location.regionKey }
  }

  private static func check(
    _ id: ResourceID, _ facts: JSON, _ location: String
  ) throws(AzureError) {
    guard let home = facts["location"]?.text, home.regionKey != location.regionKey else { return }
    throw AzureError(
      "start from \(id)", "it is in \(home), and the template builds in \(location)",
      hint: "a managed image serves its own region: give the template that `location`")
  }

  /// The system of an image by Azure's word for it.
  static func system(_ word: JSON?) -> GuestSystem {
    word?.text?.lowercased() == "windows" ? .windows : .posix
  }

  private static func generation(of facts: JSON) -> OutputPlan.Generation {
    let text = facts[path: "properties", "hyperVGeneration"]?.text?.uppercased() ?? ""
    return OutputPlan.Generation(rawValue: text) ?? .first
  }

  static func protection(of facts: JSON) -> Protection {
    let features = facts[path: "properties", "features"]?.elements ?? []
    let security = features.first { $0["name"]?.text == "SecurityType" }?["value"]?.text
    return security == "TrustedLaunch" ? .trustedLaunch : .usual
  }
}

extension PurchasePlan {
  /// A plan as an image has it: in a version of the Marketplace, and in a definition of a gallery.
  fileprivate init?(_ json: JSON?) {
    guard let name = json?["name"]?.text,
      let product = json?["product"]?.text,
      let publisher = json?["publisher"]?.text
    else { return nil }
    self.init(name: name, product: product, publisher: publisher)
  }
}

extension String {
  /// The name of a region without regard to how it is written: `West US` is `westus`.
  var regionKey: String { lowercased().filter { $0 != " " } }

  /// The numbers of a version, for comparison.
  fileprivate var versionNumbers: [Int] { split(separator: ".").map { Int($0) ?? 0 } }
}
