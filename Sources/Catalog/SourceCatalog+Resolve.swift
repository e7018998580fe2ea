public import Template

/// The disk that stands for a source.
public struct CatalogMatch: Sendable, Equatable {
  /// Which of the image's versions is asked for.
  public enum Version: Sendable, Equatable {
    /// The latest: what that is, is found out when the disk is fetched.
    case latest
    /// This one.
    case explicit(String)
  }

  /// The source, as `publisher:offer:sku:version` or as an id.
  public let source: String
  /// The entry that says so.
  public let entry: CatalogEntry
  /// The disk, at the address that belongs to the version.
  public let disk: CatalogDisk
  /// The version that is asked for.
  public let version: Version
}

extension SourceCatalog {
  /// The disk that stands for a template's source.
  /// - Throws: ``CatalogError``, with what to write into the user's file.
  public func resolve(
    _ source: Source, architecture: Architecture
  ) throws(CatalogError) -> CatalogMatch {
    guard let name = SourceName(source) else {
      throw CatalogError(
        .noPublicDisk, "there is no disk for an ISO: it has to be installed first",
        hint: "install it once, and name the disk with `--source-disk`")
    }
    return try resolve(name, architecture: architecture)
  }

  /// The disk that stands for a name.
  ///
  /// The user's entries come first; among them, the one with the fewest `*` counts, then the one
  /// with the exact version.
  /// - Throws: ``CatalogError``, with what to write into the user's file.
  public func resolve(
    _ name: SourceName, architecture: Architecture
  ) throws(CatalogError) -> CatalogMatch {
    switch name {
    case .platform(let name): try resolve(name, architecture: architecture)
    case .resource(let id): try resolve(id, architecture: architecture)
    }
  }

  private func resolve(
    _ wanted: PlatformName, architecture: Architecture
  ) throws(CatalogError) -> CatalogMatch {
    let candidates = candidates(for: wanted)
    guard let first = candidates.first else { throw unknown(wanted) }
    let disks = candidates.compactMap { $0.match(wanted) }
    if let match = disks.first(where: { $0.disk.architecture == architecture }) { return match }
    if !disks.isEmpty {
      throw otherArchitecture(wanted, architecture, disks.map(\.disk.architecture))
    }
    let others = candidates.filter(\.hasDisk)
    guard others.isEmpty else { throw noSuchVersion(wanted, others.map(\.entry)) }
    throw noPublicDisk(wanted, first.entry)
  }

  private func resolve(
    _ id: ResourceID, architecture: Architecture
  ) throws(CatalogError) -> CatalogMatch {
    let found = entries.filter { $0.names.contains(.resource(id)) }
    let matches = found.compactMap { entry -> CatalogMatch? in
      guard case .disk(let disk) = entry.supply else { return nil }
      let version = id["versions"].map(CatalogMatch.Version.explicit) ?? .latest
      return CatalogMatch(source: id.text, entry: entry, disk: disk, version: version)
    }
    if let match = matches.first(where: { $0.disk.architecture == architecture }) { return match }
    guard matches.isEmpty else {
      throw otherArchitecture(id, architecture, matches.map(\.disk.architecture))
    }
    throw unknown(id)
  }

  private func candidates(for wanted: PlatformName) -> [Candidate] {
    let found = entries.enumerated().flatMap { index, entry in
      entry.names.compactMap { name -> Candidate? in
        guard case .platform(let name) = name, name.covers(wanted) else { return nil }
        return Candidate(entry: entry, name: name, index: index)
      }
    }
    return found.sorted { $0.rank(for: wanted).lexicographicallyPrecedes($1.rank(for: wanted)) }
  }
}

/// An entry whose image is the wanted one, whatever the version.
private struct Candidate {
  let entry: CatalogEntry
  let name: PlatformName
  let index: Int

  /// What comes first counts: the user's, the narrower, the exact version, the earlier.
  func rank(for wanted: PlatformName) -> [Int] {
    let isExact = name.version.lowercased() == wanted.version.lowercased()
    return [entry.origin == .shipped ? 1 : 0, name.wildcards, isExact ? 0 : 1, index]
  }

  var hasDisk: Bool {
    if case .disk = entry.supply { true } else { false }
  }

  /// The match, where the entry has a disk of the wanted version.
  func match(_ wanted: PlatformName) -> CatalogMatch? {
    guard case .disk(let disk) = entry.supply else { return nil }
    let isLatest = wanted.version.lowercased() == "latest"
    let version: CatalogMatch.Version = isLatest ? .latest : .explicit(wanted.version)
    if name.coversVersion(of: wanted) {
      return CatalogMatch(
        source: wanted.description, entry: entry, disk: disk, version: version)
    }
    let isOfLatest = name.version.lowercased() == "latest"
    guard isOfLatest, let location = disk.versions?.location(of: wanted.version) else {
      return nil
    }
    return CatalogMatch(
      source: wanted.description, entry: entry, disk: disk.at(location), version: version)
  }
}
