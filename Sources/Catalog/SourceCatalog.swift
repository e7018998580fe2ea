internal import FoundationEssentials
public import SystemPackage
internal import Template

/// Which disk stands for a template's source on a machine of one's own.
///
/// Entries of the user's file come before the ones that Kiln ships.
public struct SourceCatalog: Sendable {
  /// The user's file of sources.
  public enum UserFile: Sendable, Equatable {
    /// It may be missing: `$XDG_CONFIG_HOME/kiln/sources.json`.
    case usual(FilePath)
    /// It was named, and must be there.
    case named(FilePath)

    /// Where it is.
    public var path: FilePath {
      switch self {
      case .usual(let path), .named(let path): path
      }
    }
  }

  /// All entries, those that count first coming first.
  public let entries: [CatalogEntry]
  /// What is odd about the user's file, a line each with its place.
  public let warnings: [String]
  /// Where the user's entries belong.
  let userFile: FilePath

  /// Reads the user's file, and what Kiln ships.
  /// - Throws: ``CatalogFileError`` with all that is wrong with the file.
  public init(_ userFile: UserFile) throws(CatalogFileError) {
    let path = userFile.path
    var own: [CatalogEntry] = []
    var warnings: [String] = []
    if let bytes = try Self.bytes(of: userFile) {
      let (entries, findings) = CatalogReader.read(bytes, of: .user(path))
      guard !findings.hasErrors else {
        throw CatalogFileError(file: path.string, diagnostics: findings.sorted)
      }
      own = entries
      warnings = findings.sorted.map { $0.rendered(in: path.string) }
    }
    self.init(own: own, shipped: try Self.shipped(), warnings: warnings, userFile: path)
  }

  init(own: [CatalogEntry], shipped: [CatalogEntry], warnings: [String], userFile: FilePath) {
    entries = own + shipped
    self.warnings = warnings
    self.userFile = userFile
  }

  /// What Kiln ships: `sources.json` beside this file.
  static func shipped() throws(CatalogFileError) -> [CatalogEntry] {
    let (entries, findings) = CatalogReader.read(PackageResources.sources_json, of: .kiln)
    guard !findings.hasErrors else {
      throw CatalogFileError(file: "shipped sources.json", diagnostics: findings.sorted)
    }
    return entries
  }

  private static func bytes(of file: UserFile) throws(CatalogFileError) -> [UInt8]? {
    let path = file.path
    do {
      let descriptor = try FileDescriptor.open(path, .readOnly)
      return try descriptor.closeAfter { try readAll(descriptor) }
    } catch {
      if case .usual = file, error as? Errno == .noSuchFileOrDirectory { return nil }
      throw CatalogFileError(
        file: path.string,
        diagnostics: [
          Diagnostic(
            .error, .unreadableFile, "cannot read the file of sources: \(error)", at: .start,
            path: "")
        ])
    }
  }

  /// Longer files are refused by the JSON reader, which wants to see that they are.
  private static let most = (4 << 20) + 1

  private static func readAll(_ file: FileDescriptor) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { piece.deallocate() }
    while bytes.count < most, case let count = try file.read(into: piece), count > 0 {
      bytes.append(contentsOf: piece[..<count])
    }
    return bytes
  }
}
