internal import Glibc
internal import SystemPackage

extension LayerStore {
  /// The limit in bytes that ``prune(to:)`` has where nothing else is said: what a machine for
  /// builds can spare.
  public static let usualLimit = 20 << 30

  /// A layer as it is listed.
  public struct Entry: Sendable {
    /// The layer.
    public let layer: Layer
    /// The room that it takes on the disk, in bytes, without what it lies on.
    public let size: Int
    /// When it was last used, in seconds since 1970.
    public let used: Int
    /// Whether a build has it.
    public let inUse: Bool
  }

  /// What a removal took away.
  public struct Removal: Sendable, Equatable {
    /// How many layers.
    public var layers = 0
    /// How many bytes.
    public var bytes = 0
  }

  /// All layers that have a key, the one that was used last first.
  /// - Throws: ``LayerError``.
  public func list() async throws -> [Entry] {
    try await locked("list the kept states") { () throws(LayerError) in try entries() }
  }

  /// The layers whose keys begin so.
  /// - Throws: ``LayerError`` of reason ``LayerError/Reason/unknown(matches:)`` unless it is one.
  public func find(_ beginning: String) async throws -> Entry {
    let matches = try await list().filter { $0.layer.manifest.key.hasPrefix(beginning) }
    guard let match = matches.first, matches.count == 1, !beginning.isEmpty else {
      throw LayerError("find the kept state `\(beginning)`", .unknown(matches: matches.count))
    }
    return match
  }

  /// Removes a layer with all that lie on it.
  /// - Throws: ``LayerError`` of reason ``LayerError/Reason/inUse`` where a build has one of them;
  ///   then none is removed.
  public func remove(_ layer: Layer) async throws -> Removal {
    try await locked("remove the kept state \(layer.manifest.name)") {
      () throws(LayerError) -> Removal in
      let all = try entries()
      var doomed: Set<String> = [layer.id]
      // Children have been made after their parents, but are listed in the order of their use.
      while case let more = all.filter({
        !doomed.contains($0.layer.id) && doomed.contains($0.layer.manifest.parent ?? "")
      }), !more.isEmpty {
        doomed.formUnion(more.map(\.layer.id))
      }
      let removed = all.filter { doomed.contains($0.layer.id) }
      guard !removed.contains(where: \.inUse) else {
        throw LayerError("remove the kept state \(layer.manifest.name)", .inUse)
      }
      for entry in removed { try forget(entry.layer) }
      let rest = try removeUnnamed()
      return Removal(layers: removed.count, bytes: rest)
    }
  }

  /// Forgets a damaged layer and all that lie on it, also while builds have them: those keep their
  /// open files.
  public func discard(_ key: String) async throws {
    try await locked("forget a damaged state") { () throws(LayerError) in
      unlink(keysPath.appending(key).string)
      for key in try LayerFiles.names(in: keysPath) {
        guard let id = try id(of: key) else { continue }
        // What can't be read is damaged, too.
        guard let chain = try? chain(of: id), chain.allSatisfy({ isNamed($0) }) else {
          unlink(keysPath.appending(key).string)
          continue
        }
      }
      _ = try removeUnnamed()
    }
  }

  /// Removes what killed builds left, and then what was used least recently, until the rest fits.
  ///
  /// `limit` is in bytes. What a build uses stays.
  /// - Throws: ``LayerError``.
  public func prune(to limit: Int) async throws -> Removal {
    try await locked("prune the kept states") { () throws(LayerError) -> Removal in
      var removal = Removal(layers: 0, bytes: try removeUnnamed())
      var rest = try entries()
      var total = rest.reduce(0) { $0 + $1.size }
      while total > limit {
        let parents = Set(rest.compactMap(\.layer.manifest.parent))
        let leaf = rest.last { !$0.inUse && !parents.contains($0.layer.id) }
        guard let leaf else { break }
        try forget(leaf.layer)
        let freed = try removeUnnamed()
        removal.layers += 1
        removal.bytes += freed
        total -= leaf.size
        rest.removeAll { $0.layer.id == leaf.layer.id }
      }
      return removal
    }
  }
}

// MARK: While the store is locked

extension LayerStore {
  private func entries() throws(LayerError) -> [Entry] {
    var entries: [Entry] = []
    for key in try LayerFiles.names(in: keysPath) {
      // One that can't be read is found to be damaged by whoever wants to use it.
      guard let id = try id(of: key), let layer = try? Layer.load(id, in: self) else { continue }
      entries.append(
        Entry(
          layer: layer, size: try LayerFiles.room(of: layer.directory),
          used: LayerFiles.changed(layer.directory.appending(LayerFiles.used)),
          inUse: try layer.isInUse()))
    }
    return entries.sorted { ($0.used, $0.layer.manifest.made) > ($1.used, $1.layer.manifest.made) }
  }

  private func isNamed(_ layer: Layer) -> Bool {
    (try? id(of: layer.manifest.key)) == layer.id
  }

  private func forget(_ layer: Layer) throws(LayerError) {
    let path = keysPath.appending(layer.manifest.key).string
    guard unlink(path) == 0 || errno == ENOENT else { throw .refused("remove `\(path)`", errno) }
  }

  /// Removes the directories that no key leads to, also not through a layer that lies on them, and
  /// that nobody has; how many bytes that were.
  private func removeUnnamed() throws(LayerError) -> Int {
    var needed: Set<String> = []
    for key in try LayerFiles.names(in: keysPath) {
      guard let id = try id(of: key) else { continue }
      needed.insert(id)
      // A chain that can't be read is of no use to anybody: what it lies on may go, unless a build has it.
      needed.formUnion((try? chain(of: id))?.map(\.id) ?? [])
    }
    var bytes = 0
    for id in try LayerFiles.names(in: layersPath) where !needed.contains(id) {
      let directory = layersPath.appending(id)
      guard try !Layer.isInUse(directory) else { continue }
      bytes += try LayerFiles.room(of: directory)
      try LayerFiles.remove(directory)
    }
    return bytes
  }
}
