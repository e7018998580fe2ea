/// Which size of machine serves: the one that the template asks for, or the nearest that does.
public struct SizeChoice: Sendable, Hashable {
  /// The size that serves.
  public let name: String
  /// Why it is another one than the template's; `nil` where it is not.
  public let note: String?

  /// What a machine of the build needs of its size.
  struct Need {
    let location: String
    let generation: OutputPlan.Generation
    let security: MachineSpec.Security
    let priority: MachineSpec.Priority
  }

  /// The sizes that are tried when the asked one does not serve, the nearest to AIB's own defaults
  /// first (`azure.md` 4): small, for every generation, sold in most regions.
  static let candidates = [
    "Standard_D1_v2", "Standard_D2as_v5", "Standard_D2s_v5", "Standard_D2ds_v5",
    "Standard_D2ds_v4", "Standard_D2s_v3", "Standard_D2as_v6", "Standard_D2s_v6",
    "Standard_B2ms", "Standard_DS2_v2",
  ]

  /// Chooses by the list of what the subscription may have in the region.
  /// - Throws: ``AzureError`` where nothing serves.
  static func choose(
    _ asked: String, from skus: [JSON], for need: Need
  ) throws(AzureError) -> SizeChoice {
    let machines = skus.filter { $0["resourceType"]?.text?.lowercased() == "virtualmachines" }
    // A cloud that tells nothing of its sizes says at the PUT what it thinks of this one.
    guard !machines.isEmpty else { return SizeChoice(name: asked, note: nil) }
    func entry(_ name: String) -> JSON? {
      machines.first { $0["name"]?.text?.lowercased() == name.lowercased() }
    }
    let size = entry(asked)
    guard let objection = objection(to: size, need) else {
      return SizeChoice(name: asked, note: nil)
    }
    var found = candidates.compactMap(entry).filter { Self.objection(to: $0, need) == nil }
    if let size {
      // As many processors as were asked for, or the next more.
      let wanted = processors(of: size)
      found = machines.filter {
        processors(of: $0) >= wanted && Self.objection(to: $0, need) == nil
      }.sorted { rank($0, wanted) < rank($1, wanted) }
    }
    guard let best = found.first?["name"]?.text else {
      throw AzureError(
        "find a size for the build VM", "\(asked) \(objection), and no other was found that serves",
        hint: "give a vmSize that `az vm list-skus --location \(need.location)` shows without "
          + "restrictions")
    }
    return SizeChoice(
      name: best, note: "the build VM is a \(best): \(asked) \(objection)")
  }

  /// Why a size does not serve; `nil` where it does.
  private static func objection(to size: JSON?, _ need: Need) -> String? {
    guard let size else { return "is not sold in \(need.location)" }
    let restrictions = size["restrictions"]?.elements ?? []
    if restrictions.contains(where: { $0["type"]?.text == "Location" }) {
      return "is not offered to this subscription in \(need.location)"
    }
    let generations = capability("HyperVGenerations", of: size)?.split(separator: ",") ?? []
    if !generations.isEmpty, !generations.contains(where: { $0 == need.generation.rawValue }) {
      return "can't start an image of generation \(need.generation.rawValue)"
    }
    if need.security == .trustedLaunch, capability("TrustedLaunchDisabled", of: size) == "True" {
      return "has no Trusted Launch, which the image needs"
    }
    if need.priority == .spot, capability("LowPriorityCapable", of: size) == "False" {
      return "is not sold as a spot machine"
    }
    // Images for x64 can't start elsewhere; sizes of old lists don't say what they are.
    if let kind = capability("CpuArchitectureType", of: size), kind.lowercased() != "x64" {
      return "has processors of another kind (\(kind))"
    }
    return nil
  }

  private static func rank(_ size: JSON, _ wanted: Int) -> (Int, Int, String) {
    let name = size["name"]?.text ?? ""
    let preferred = candidates.firstIndex { $0.lowercased() == name.lowercased() }
    return (processors(of: size), preferred ?? candidates.count, name)
  }

  private static func processors(of size: JSON) -> Int {
    capability("vCPUs", of: size).flatMap { Int($0) } ?? 1
  }

  private static func capability(_ name: String, of size: JSON) -> String? {
    size["capabilities"]?.elements.first { $0["name"]?.text == name }?["value"]?.text
  }
}
