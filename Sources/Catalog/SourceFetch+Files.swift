internal import Digests
internal import FoundationEssentials
internal import HTTP
internal import SystemPackage

extension SourceFetch {
  /// The checksum of a disk on this machine: remembered, as long as nothing has touched the file.
  func digest(
    of path: FilePath, expecting wanted: SHA256Digest?, for match: CatalogMatch
  ) async throws -> SHA256Digest {
    let path = path.isAbsolute ? path : Self.here.pushing(path)
    guard let before = FileState(of: path) else { throw CatalogError(noDisk: path, of: match) }
    if let digest = known.record(of: path.string)?.digest {
      return try expect(wanted, digest, of: path, match)
    }
    let isSettled = before.isSettled(at: now())
    let result = await DiskQueue.run { stop throws(HTTPError.Reason) in
      try HashedFile(reading: path, until: stop)?.digest
    }
    try Task.checkCancellation()
    let digest: SHA256Digest?
    do {
      digest = try result.get()
    } catch {
      throw CatalogError(
        .file, "could not use the disk of `\(match.source)`: \(error)",
        hint: "\(match.entry.origin) names it")
    }
    guard let digest else { throw CatalogError(noDisk: path, of: match) }
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
    return try expect(wanted, digest, of: path, match)
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
