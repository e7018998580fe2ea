import Digests
import Foundation
import Glibc
import Layers
import SystemPackage
import TestSupport
import Testing

/// A store in a directory that is gone with the test.
struct StoreRig: Sendable {
  let root: String
  var store: LayerStore { LayerStore(at: FilePath(root)) }

  static func with(_ body: (StoreRig) async throws -> Void) async throws {
    try await ScratchDirectory.with { directory in
      try await body(StoreRig(root: "\(directory)/steps"))
    }
  }

  func key(_ name: String) throws -> SHA256Digest { try SHA256Digest(of: Array(name.utf8)) }

  /// A layer with files of its own content.
  func begin() async throws -> OpenLayer {
    let layer = try await store.begin()
    for name in ["disk-0.qcow2", "memory.zst"] {
      try Data("\(name) of \(layer.id)".utf8).write(to: URL(filePath: layer.file(name)))
    }
    return layer
  }

  func keep(
    _ layer: OpenLayer, _ name: String, on parent: String? = nil,
    _ rivalry: LayerRivalry = .firstWins
  ) async throws -> LayerFate {
    let manifest = LayerManifest(
      key: try key(name), parent: parent, form: "live", step: name, template: "t.json", run: "r",
      made: 1, details: [:])
    return try await store.keep(layer, as: manifest, rivalry)
  }

  /// Layers that each lie on the one before; their ids by name.
  func chain(_ names: String...) async throws -> [String: String] {
    var ids: [String: String] = [:]
    var parent: String?
    for name in names {
      let layer = try await begin()
      _ = try await keep(layer, name, on: parent)
      ids[name] = layer.id
      parent = layer.id
    }
    return ids
  }

  /// The directories of layers that there are.
  var layers: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/layers")) ?? []
  }

  func flip(_ id: String, _ file: String) throws {
    let path = "\(root)/layers/\(id)/\(file)"
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: path))
  }

  func remove(_ id: String, _ file: String) throws {
    try FileManager.default.removeItem(atPath: "\(root)/layers/\(id)/\(file)")
  }

  /// Has a layer been used so many seconds ago for the last time.
  func age(_ id: String, _ seconds: Int) throws {
    let time = Date(timeIntervalSinceNow: -Double(seconds))
    try FileManager.default.setAttributes(
      [.modificationDate: time], ofItemAtPath: "\(root)/layers/\(id)/used")
  }
}
