internal import Digests
internal import FoundationEssentials
internal import SystemPackage

/// `metadata.json`.
enum MetadataFile {
  static let name = "metadata.json"
  /// More than this is not ours.
  private static let sizeLimit = 16 << 20

  static func encode(_ metadata: ImageMetadata) throws(ImageError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    do {
      return Array(try encoder.encode(metadata)) + [UInt8(ascii: "\n")]
    } catch {
      throw ImageError("write `\(name)`", .file("\(error)"))
    }
  }

  /// Reads what is known of the image in `directory`.
  /// - Throws: ``ImageError`` of reason ``ImageError/Reason/damaged(_:)`` where it is not what
  ///   Kiln wrote.
  static func load(_ directory: FilePath) throws(ImageError) -> StoredImage {
    try image(Files.read(directory.appending(name), limit: sizeLimit), in: directory)
  }

  /// What is known of the image in `directory` by the bytes of its file.
  static func image(
    _ bytes: [UInt8], in directory: FilePath
  ) throws(ImageError) -> StoredImage {
    let path = directory.appending(name)
    do {
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .iso8601
      let metadata = try decoder.decode(ImageMetadata.self, from: Data(bytes))
      return StoredImage(
        name: shortName(of: metadata, in: directory), metadata: metadata,
        identity: try SHA256Digest(of: bytes), directory: directory)
    } catch {
      throw ImageError("read `\(path)`", .damaged("it is not what kiln wrote (\(summary(error)))"))
    }
  }

  private static func shortName(of metadata: ImageMetadata, in directory: FilePath) -> String {
    let parts = metadata.id.split(separator: "/").map(String.init)
    switch metadata.kind {
    case .managedImage: return parts.last ?? metadata.id
    case .sharedImage:
      // …/galleries/<gallery>/images/<definition>/versions/<version>
      guard parts.count > 4 else { return metadata.id }
      return [parts.count - 5, parts.count - 3, parts.count - 1].map { parts[$0] }
        .joined(separator: "/")
    case .vhd:
      if let file = metadata.disks.first?.file, file.hasPrefix("/") { return file }
      return directory.removingLastComponent().lastComponent?.string ?? metadata.id
    }
  }

  private static func summary(_ error: any Error) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, _): "`\(key.stringValue)` is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "`\(context.codingPath.map(\.stringValue).joined(separator: "."))` is of another kind"
    default: "it is no JSON of that form"
    }
  }
}
