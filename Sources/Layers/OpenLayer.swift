internal import FoundationEssentials
internal import Glibc
public import Digests
public import SystemPackage

/// A layer that is being made: a running machine writes to its disks.
///
/// As long as this value lives, or its process, nobody removes the layer, with or without a key.
public final class OpenLayer: Sendable {
  /// The name of its directory.
  public let id: String
  /// Its directory, as an absolute path.
  public let directory: FilePath
  private let lock: LayerLock

  init(_ id: String, in store: LayerStore) throws(LayerError) {
    self.id = id
    directory = store.layersPath.appending(id)
    try LayerFiles.makeDirectories(directory)
    guard let lock = try LayerLock(directory.appending(LayerFiles.lock), .exclusive) else {
      throw LayerError("make `\(directory)`", .busy)
    }
    self.lock = lock
  }

  /// The path of one of its files.
  public func file(_ name: String) -> String { directory.appending(name).string }

  /// Removes all its files.
  public func clear() throws(LayerError) {
    for name in try LayerFiles.names(in: directory) where name != LayerFiles.lock {
      guard unlink(directory.appending(name).string) == 0 else {
        throw .refused("remove `\(file(name))`", errno)
      }
    }
  }

  /// Lets others use it.
  func share() { lock.share() }
}

/// What became of a layer that was given its key.
public enum LayerFate: Sendable {
  /// It is found by its key from now on.
  case kept
  /// Another build was first; this one is no more than a part of its own build.
  case outrun
}

/// What becomes of a layer that has the key already.
public enum LayerRivalry: Sendable {
  /// It stays.
  case firstWins
  /// The new one takes its place.
  case replace
}

extension LayerStore {
  /// Begins a layer.
  /// - Throws: ``LayerError``.
  public func begin() async throws -> OpenLayer {
    try await locked("begin a kept state") { () throws(LayerError) in
      try OpenLayer(String(UInt64.random(in: .min ... .max), radix: 36), in: self)
    }
  }

  /// Whether there is a layer with this key.
  public func has(_ key: SHA256Digest) async throws -> Bool {
    try await locked("look for a kept state") { () throws(LayerError) in
      try id(of: key.hex) != nil
    }
  }

  /// Gives a layer its key, with the checksums of all its files; none of them changes any more.
  /// - Throws: ``LayerError`` with the file system's reason.
  public func keep(
    _ layer: OpenLayer, as manifest: LayerManifest, _ rivalry: LayerRivalry
  ) async throws -> LayerFate {
    var manifest = manifest
    for name in try LayerFiles.names(in: layer.directory) where name != LayerFiles.lock {
      let sum = try await LayerFiles.sum(layer.directory.appending(name))
      manifest.files.append(
        LayerManifest.File(name: name, size: sum.size, sha256: sum.digest.hex))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let bytes = Array(try encoder.encode(manifest))
    return try await locked("keep the state \(manifest.name)") {
      () throws(LayerError) -> LayerFate in
      // Without its key, too: later layers of the same build lie on it.
      try LayerFiles.write(bytes, to: layer.directory.appending(LayerFiles.manifest))
      try LayerFiles.write([], to: layer.directory.appending(LayerFiles.used))
      layer.share()
      if rivalry == .firstWins, try id(of: manifest.key) != nil { return .outrun }
      try name(manifest.key, layer.id)
      return .kept
    }
  }
}
