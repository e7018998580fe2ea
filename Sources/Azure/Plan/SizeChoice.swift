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
    _ asked: String, from sizes: [MachineSize], for need: Need
  ) throws(AzureError) -> SizeChoice {
    // A cloud that tells nothing of its sizes says at the PUT what it thinks of this one.
    guard !sizes.isEmpty else { return SizeChoice(name: asked, note: nil) }
    func entry(_ name: String) -> MachineSize? {
      sizes.first { $0.name.lowercased() == name.lowercased() }
    }
    let size = entry(asked)
    guard let objection = objection(to: size, need) else {
      return SizeChoice(name: asked, note: nil)
    }
    var found = candidates.compactMap(entry).filter { Self.objection(to: $0, need) == nil }
    if let size {
      // As many processors as were asked for, or the next more.
      found = sizes.filter {
        $0.processors >= size.processors && Self.objection(to: $0, need) == nil
      }.sorted { rank($0) < rank($1) }
    }
    guard let best = found.first?.name else {
      throw AzureError(
        "find a size for the build VM", "\(asked) \(objection), and no other was found that serves",
        hint: "give a vmSize that `az vm list-skus --location \(need.location)` shows without "
          + "restrictions")
    }
    return SizeChoice(
      name: best, note: "the build VM is a \(best): \(asked) \(objection)")
  }

  /// Why a size does not serve; `nil` where it does.
  private static func objection(to size: MachineSize?, _ need: Need) -> String? {
    guard let size else { return "is not sold in \(need.location)" }
    if size.isRestricted { return "is not offered to this subscription in \(need.location)" }
    if !size.generations.isEmpty, !size.generations.contains(need.generation.rawValue) {
      return "can't start an image of generation \(need.generation.rawValue)"
    }
    if need.security == .trustedLaunch, !size.hasTrustedLaunch {
      return "has no Trusted Launch, which the image needs"
    }
    if need.priority == .spot, !size.isSoldAsSpot { return "is not sold as a spot machine" }
    // Images for x64 can't start elsewhere; sizes of old lists don't say what they are.
    if let kind = size.architecture, kind.lowercased() != "x64" {
      return "has processors of another kind (\(kind))"
    }
    return nil
  }

  private static func rank(_ size: MachineSize) -> (Int, Int, String) {
    let preferred = candidates.firstIndex { $0.lowercased() == size.name.lowercased() }
    return (size.processors, preferred ?? candidates.count, size.name)
  }
}
