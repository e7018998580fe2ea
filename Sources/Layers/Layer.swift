public import Digests
internal import FoundationEssentials
public import SystemPackage

/// The state of a build VM after a step, as a directory of the store.
///
/// Its disks hold what differs from those of its parent. No file of it changes once it has a key.
public struct Layer: Sendable, Hashable {
  /// The name of its directory, which no other layer ever has.
  public let id: String
  /// Its directory, as an absolute path.
  public let directory: FilePath
  /// What is known of it.
  public let manifest: LayerManifest

  /// The path of one of its files.
  public func file(_ name: String) -> String { directory.appending(name).string }

  /// The layer of a directory; `nil` where it has none yet.
  /// - Throws: ``LayerError`` of reason ``LayerError/Reason/damaged(_:)``.
  static func load(_ id: String, in store: LayerStore) throws(LayerError) -> Layer {
    let directory = store.layersPath.appending(id)
    let path = directory.appending(LayerFiles.manifest)
    let bytes = try LayerFiles.read(path, limit: LayerManifest.sizeLimit)
    do {
      return Layer(
        id: id, directory: directory,
        manifest: try JSONDecoder().decode(LayerManifest.self, from: Data(bytes)))
    } catch {
      throw LayerError("read `\(path)`", .damaged("it is not what kiln wrote"))
    }
  }

  /// Compares files with their checksums.
  /// - Throws: ``LayerError`` of reason ``LayerError/Reason/damaged(_:)`` for the first that differs.
  func verify(where isWanted: (String) -> Bool) async throws {
    for file in manifest.files where isWanted(file.name) {
      let found: (size: Int, digest: SHA256Digest)
      do {
        found = try await LayerFiles.sum(directory.appending(file.name))
      } catch let error as LayerError {
        throw LayerError("use the kept state \(manifest.name)", .damaged("\(error)"))
      }
      guard found.size == file.size, found.digest.hex == file.sha256 else {
        throw LayerError(
          "use the kept state \(manifest.name)",
          .damaged("`\(self.file(file.name))` is not what was written"))
      }
    }
  }
}

/// What is known of a layer.
public struct LayerManifest: Sendable, Hashable, Codable {
  static let sizeLimit = 1 << 20

  /// A file of a layer.
  public struct File: Sendable, Hashable, Codable {
    /// Its name in the layer's directory.
    public var name: String
    /// Its size in bytes.
    public var size: Int
    /// Its checksum, as 64 hexadecimal digits.
    public var sha256: String
  }

  /// The key that it is found by, as 64 hexadecimal digits.
  public var key: String
  /// The id of the layer that its disks lie on; `nil` where they lie on the source.
  public var parent: String?
  /// How the state is kept: `live` or `disk`.
  public var form: String
  /// The step after which it was kept, in words.
  public var step: String
  /// The template that the step is of.
  public var template: String
  /// The run that kept it.
  public var run: String
  /// When it was kept, in seconds since 1970.
  public var made: Int
  /// What whoever kept it needs to know to go on from it.
  public var details: [String: String]
  /// Its files, with checksums.
  public internal(set) var files: [File] = []

  /// Describes a layer.
  public init(
    key: SHA256Digest, parent: String?, form: String, step: String, template: String, run: String,
    made: Int, details: [String: String]
  ) {
    self.key = key.hex
    self.parent = parent
    self.form = form
    self.step = step
    self.template = template
    self.run = run
    self.made = made
    self.details = details
  }

  /// What people call it: the beginning of its key.
  public var name: String { String(key.prefix(12)) }
}
