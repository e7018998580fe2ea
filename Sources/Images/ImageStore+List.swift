public import SystemPackage

/// What is in the store.
public struct ImageList: Sendable {
  /// An image that can't be read.
  public struct Damage: Sendable {
    /// Where it is.
    public let directory: FilePath
    /// What is wrong with it.
    public let error: ImageError
  }

  /// The images, by their names.
  public let images: [StoredImage]
  /// Those that can't be read.
  public let damaged: [Damage]
}

extension ImageStore {
  /// All images.
  /// - Throws: ``ImageError`` where the directories themselves can't be read.
  public func list() throws(ImageError) -> ImageList {
    var images: [StoredImage] = []
    var damaged: [ImageList.Damage] = []
    for slot in try slots() {
      switch try look(at: slot) {
      case .image(let image): images.append(image)
      case .damage(let damage): damaged.append(damage)
      case .nothing: break
      }
    }
    images.sort { $0.rank < $1.rank }
    return ImageList(images: images, damaged: damaged)
  }

  private enum Look {
    case image(StoredImage)
    case damage(ImageList.Damage)
    case nothing
  }

  /// How often a place is looked at anew, where another image took the place of the one that was
  /// there between two looks.
  private static let lookLimit = 32

  private func look(at slot: Slot) throws(ImageError) -> Look {
    for _ in 0..<Self.lookLimit {
      guard let directory = try slot.newest() else { return .nothing }
      do {
        return .image(try MetadataFile.load(directory))
      } catch {
        if Files.exists(directory) {
          return .damage(ImageList.Damage(directory: directory, error: error))
        }
      }
    }
    throw ImageError("list `\(slot.path)`", .busy)
  }

  /// The image that people call `name`: its id, a managed image's name, `gallery/definition` with
  /// `/version`, with `/latest` or without, or a VHD's name.
  /// - Throws: ``ImageError`` of reason ``ImageError/Reason/unknown(near:)`` where there is none, or
  ///   ``ImageError/Reason/ambiguous(_:)`` where there are several.
  public func find(_ name: String) throws(ImageError) -> StoredImage {
    let operation = "find the image `\(name)`"
    let wanted = name.lowercased()
    let images = try list().images
    let exact = images.filter { [$0.metadata.id, $0.name].contains { $0.lowercased() == wanted } }
    let found = exact.isEmpty ? Self.latest(wanted, among: images) : exact
    guard let first = found.first else {
      throw ImageError(operation, .unknown(near: try near(name)))
    }
    guard found.count == 1 else {
      throw ImageError(operation, .ambiguous(found.map(\.metadata.id)))
    }
    return first
  }

  /// The highest version of each definition that is called `name`.
  private static func latest(_ name: String, among images: [StoredImage]) -> [StoredImage] {
    let definition = name.replacing(/(\/versions)?\/latest$/, with: "")
    var highest: [String: (ImageVersion, StoredImage)] = [:]
    for image in images where image.metadata.replication?.excludeFromLatest == false {
      guard let text = image.metadata.version, let version = ImageVersion(text) else { continue }
      let id = image.metadata.id.lowercased().dropLast("/versions/\(text)".count)
      let short = image.name.lowercased().dropLast("/\(text)".count)
      guard [id, short].contains(definition[...]) else { continue }
      let key = String(id)
      if highest[key].map({ $0.0 < version }) ?? true { highest[key] = (version, image) }
    }
    return highest.values.map(\.1).sorted { $0.metadata.id < $1.metadata.id }
  }

  /// The places of all images.
  func slots() throws(ImageError) -> [Slot] {
    var paths = try Self.visible(in: layout.managed) + Self.visible(in: layout.vhds)
    for gallery in try Self.visible(in: layout.galleries) {
      for definition in try Self.visible(in: gallery) {
        paths += try Self.visible(in: definition)
      }
    }
    return paths.map(Slot.init)
  }

  private static func visible(in path: FilePath) throws(ImageError) -> [FilePath] {
    try Files.names(in: path).filter { !$0.hasPrefix(".") }.map { path.appending($0) }
  }
}

extension StoredImage {
  /// Names in order, and the versions of a definition by their numbers.
  fileprivate var rank: (String, Int, Int, Int, String) {
    guard let version = metadata.version.flatMap({ ImageVersion($0) }) else {
      return (name, 0, 0, 0, metadata.id)
    }
    let definition = String(name.dropLast("/\(version)".count))
    return (definition, version.major, version.minor, version.patch, metadata.id)
  }
}
