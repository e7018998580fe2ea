public import Digests
internal import Glibc
public import SystemPackage

/// The kept states of build VMs on this machine.
///
/// A layer appears whole or not at all, under its key, and never changes. Any number of processes
/// may use a store at the same time. A layer is found through a link from its key to its directory,
/// whose own name never changes: disks of other layers name it.
public struct LayerStore: Sendable {
  /// The store's directory, as an absolute path; it need not exist.
  public let root: FilePath

  /// The store in a directory.
  public init(at root: FilePath) { self.root = root }

  var keysPath: FilePath { root.appending("keys") }
  var layersPath: FilePath { root.appending("layers") }

  /// The layer that has this key, with those that its disks lie on, for as long as the answer
  /// lives; `nil` where none has it.
  ///
  /// Nothing of it may count before ``LayerUse/verify()`` has returned.
  /// - Throws: ``LayerError``; of reason ``LayerError/Reason/damaged(_:)`` where one of them can't
  ///   be what was written.
  public func use(_ key: SHA256Digest) async throws -> LayerUse? {
    try await locked("look for a kept state") { () throws(LayerError) -> LayerUse? in
      guard let id = try id(of: key.hex) else { return nil }
      return try LayerUse(try chain(of: id), touching: self)
    }
  }

  /// A layer and those below it, the lowest first.
  func chain(of id: String) throws(LayerError) -> [Layer] {
    var chain: [Layer] = []
    var next: String? = id
    while let id = next, chain.count < Self.deepest {
      do {
        let layer = try Layer.load(id, in: self)
        chain.insert(layer, at: 0)
        next = layer.manifest.parent
      } catch {
        throw LayerError("use a kept state", .damaged("\(error)"))
      }
    }
    return chain
  }

  /// No template has as many steps; a longer chain goes round in circles.
  private static let deepest = 10_000

  /// The directory's name of the layer that has a key; `nil` where none has it.
  func id(of key: String) throws(LayerError) -> String? {
    let path = keysPath.appending(key).string
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink(path, &buffer, buffer.count)
    guard count >= 0 else {
      if errno == ENOENT { return nil }
      throw .refused("read `\(path)`", errno)
    }
    let target = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    return target.split(separator: "/").last.map(String.init)
  }

  /// Links a key to a layer, in the place of what had it before.
  func name(_ key: String, _ id: String) throws(LayerError) {
    let path = keysPath.appending(key).string
    let beside = root.appending(".key-\(id)").string
    guard symlink("../layers/\(id)", beside) == 0, rename(beside, path) == 0 else {
      throw .refused("make `\(path)`", errno)
    }
  }
}

/// A layer that a build starts from: neither it nor what it lies on is removed as long as this
/// value, or its process, lives.
public final class LayerUse: Sendable {
  /// The layer and those that its disks lie on, the lowest first.
  public let chain: [Layer]
  /// The layer.
  public let layer: Layer
  private let locks: [LayerLock]

  init?(_ chain: [Layer], touching store: LayerStore) throws(LayerError) {
    guard let last = chain.last else { return nil }
    var locks: [LayerLock] = []
    for layer in chain {
      // Nobody has it alone: that is the right of those who hold the store's lock, or of whoever
      // makes a layer that has no key yet.
      guard let lock = try LayerLock(layer.directory.appending(LayerFiles.lock), .shared) else {
        throw LayerError("use the kept state \(layer.manifest.name)", .inUse)
      }
      locks.append(lock)
      utimes(layer.file(LayerFiles.used), nil)
    }
    self.chain = chain
    self.locks = locks
    layer = last
  }

  /// Compares the layer, and the disks below it, with their checksums, and `also` other files below it,
  /// told by their names.
  /// - Throws: ``LayerError``; of reason ``LayerError/Reason/damaged(_:)`` where one of them is
  ///   not what was written.
  public func verify(
    also isNeeded: (_ below: Layer, _ name: String) -> Bool = { _, _ in false }
  ) async throws {
    for layer in chain {
      let isLast = layer == self.layer
      try await layer.verify { name in
        isLast || name.hasSuffix(".qcow2") || isNeeded(layer, name)
      }
    }
  }
}
