public import Digests
internal import FoundationEssentials
internal import HTTP
public import SystemPackage

extension SourceFetch {
  /// The checksum of a disk on this machine that an entry names.
  func digest(
    of path: FilePath, expecting wanted: SHA256Digest?, for match: CatalogMatch
  ) async throws -> SHA256Digest {
    let digest = try await digest(
      of: path, for: "the disk of `\(match.source)`",
      hint: "\(match.entry.origin) names it: paths are relative to that file")
    return try expect(wanted, digest, of: path, match)
  }

  /// The checksum of a disk on this machine: remembered, as long as nothing has touched the file.
  /// - Throws: ``CatalogError`` where it can't be read; `CancellationError`.
  public func digest(of path: FilePath) async throws -> SHA256Digest {
    try await digest(of: path, for: "the disk", hint: nil)
  }

  private func digest(
    of path: FilePath, for name: String, hint: String?
  ) async throws -> SHA256Digest {
    let path = path.isAbsolute ? path : Self.here.pushing(path)
    let absent = CatalogError(
      .file, "could not use \(name): there is no file \(path)", hint: hint)
    guard let before = FileState(of: path) else { throw absent }
    if let digest = known.record(of: path.string)?.digest { return digest }
    let isSettled = before.isSettled(at: now())
    let result = await DiskQueue.run { stop throws(HTTPError.Reason) in
      try HashedFile(reading: path, until: stop)?.digest
    }
    try Task.checkCancellation()
    let digest: SHA256Digest?
    do {
      digest = try result.get()
    } catch {
      throw CatalogError(.file, "could not use \(name): \(error)", hint: hint)
    }
    guard let digest else { throw absent }
    guard FileState(of: path) == before else {
      throw CatalogError(
        .file, "could not use the disk \(path): it changed while it was read",
        hint: "try again when whatever writes it has ended")
    }
    if isSettled {
      known.remember(
        KnownDisks.Record(
          path: path.string, state: before, sha256: digest.hex, sha512: nil), as: path.string)
    }
    return digest
  }

  private func expect(
    _ wanted: SHA256Digest?, _ actual: SHA256Digest, of path: FilePath, _ match: CatalogMatch
  ) throws(CatalogError) -> SHA256Digest {
    guard let wanted, wanted != actual else { return actual }
    throw CatalogError(
      .wrongChecksum,
      "could not use the disk \(path): its sha256 is \(actual), and \(match.entry.origin) says "
        + "\(wanted)", hint: "put the right disk in its place, or the right `sha256` into the file")
  }

  private static var here: FilePath { FilePath(FileManager.default.currentDirectoryPath) }
}
