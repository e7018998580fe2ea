internal import Template

extension SourceCatalog {
  /// How many entries are named that could be meant.
  private static let mostNear = 3

  func unknown(_ wanted: PlatformName) -> CatalogError {
    let near = near(wanted)
    let named = near.isEmpty ? "" : "; near: " + near.map { "`\($0)`" }.joined(separator: ", ")
    return CatalogError(
      .unknown,
      "could not find a disk for \(quoted(wanted.description)): its name is not known\(named)",
      hint: "correct the name, or bring a disk: \(advice(wanted.description))")
  }

  func unknown(_ id: some CustomStringConvertible) -> CatalogError {
    CatalogError(
      .unknown,
      "could not find a disk for \(quoted(id.description)): nothing on this machine stands for it",
      hint: advice(id.description))
  }

  func otherArchitecture(
    _ wanted: some CustomStringConvertible, _ architecture: Architecture, _ there: [Architecture]
  ) -> CatalogError {
    let others = Set(there.map(\.rawValue)).sorted().joined(separator: ", ")
    return CatalogError(
      .otherArchitecture,
      "could not find an \(architecture.rawValue) disk for \(quoted(wanted.description)): "
        + "there is one for \(others) only",
      hint: "name the image's \(architecture.rawValue) sku in the template, or bring a disk: "
        + advice(wanted.description, architecture))
  }

  func noSuchVersion(_ wanted: PlatformName, _ entries: [CatalogEntry]) -> CatalogError {
    let patterns = entries.compactMap { entry -> String? in
      guard case .disk(let disk) = entry.supply else { return nil }
      return disk.versions?.pattern.text
    }
    let known = Set(patterns).sorted().map { " and for versions like `\($0)`" }.joined()
    return CatalogError(
      .noSuchVersion,
      "could not find a disk for \(quoted(wanted.description)): there is one for `latest`\(known), "
        + "but none is known for `\(printable(wanted.version))`",
      hint: "use `latest`, or say which disk it is: \(advice(wanted.description))")
  }

  func noPublicDisk(_ wanted: PlatformName, _ entry: CatalogEntry) -> CatalogError {
    guard case .none(let why, let instead) = entry.supply else { return unknown(wanted) }
    return CatalogError(
      .noPublicDisk, "could not find a disk for \(quoted(wanted.description)): \(why)",
      hint: (instead.isEmpty ? "" : "\(instead); ") + advice(wanted.description))
  }

  /// What to write into the user's file, ready to be copied.
  private func advice(_ name: String, _ architecture: Architecture = .amd64) -> String {
    let other = architecture == .amd64 ? "" : #", "architecture": "\#(architecture.rawValue)""#
    return "add it to \(userFile) like this: "
      + #"{"sources": [{"image": "\#(printable(name))", "path": "disk.qcow2", "user": "azureuser""#
      + "\(other)}]}"
  }

  /// The names that are nearest to one that is not known, nearest first.
  private func near(_ wanted: PlatformName) -> [String] {
    let typed = wanted.image.lowercased()
    var best: [String: Int] = [:]
    for case .platform(let name) in entries.flatMap(\.names) where name.wildcards == 0 {
      let distance = editDistance(typed, name.image.lowercased())
      // A third of the letters wrong is another name.
      if distance <= typed.count / 3 { best[name.image] = distance }
    }
    return best.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(Self.mostNear).map(\.key)
  }
}
