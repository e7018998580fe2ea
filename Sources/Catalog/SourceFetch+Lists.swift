internal import Digests
internal import FoundationEssentials
internal import HTTP
internal import SystemPackage

extension SourceFetch {
  /// What a publisher's list says of the disk at `url`: its checksum, and the version where that
  /// can be told.
  func listed(
    _ url: String, in list: String, for match: CatalogMatch
  ) async throws -> (Checksum, version: String?) {
    let text: String
    do {
      text = try await read(list)
    } catch let error as HTTPError {
      throw CatalogError(noList: list, of: match, error)
    }
    let file = ChecksumFile(text)
    let name = Self.fileName(url)
    switch file.checksum(of: name) {
    case .found(let checksum):
      let others = file.names(with: checksum).filter { $0 != name }
      return (checksum, try await version(of: match, names: others))
    case .missing:
      throw CatalogError(
        .noChecksum,
        "could not find out the checksum of `\(name)`: \(redacted(url: list)) has no line for it",
        hint: "the publisher may have changed the names: "
          + "name the disk with `url` and `sha256` in the file of sources")
    case .contradictory:
      throw CatalogError(
        .noChecksum,
        "could not find out the checksum of `\(name)`: \(redacted(url: list)) has two that differ")
    }
  }

  /// The version of the latest disk, as the rule of its entry tells it; a record of what was used,
  /// so that not to know it is no failure.
  private func version(of match: CatalogMatch, names: [String]) async throws -> String? {
    guard match.version == .latest, let rule = match.disk.newest else { return nil }
    var parts: [String: String]?
    if let file = rule.file {
      do {
        parts = rule.pattern.parts(firstIn: try await read(file))
      } catch is HTTPError {
        return nil
      }
    } else {
      parts = names.lazy.compactMap { rule.pattern.parts(ofWhole: $0) }.first
    }
    guard let parts else { return nil }
    return match.disk.versions?.pattern.filled(with: parts) ?? parts["version"]
  }

  private func read(_ url: String) async throws -> String {
    let path = try await lists.fetch(url, sha256: nil).path
    return String(decoding: try Data(contentsOf: URL(filePath: path.string)), as: UTF8.self)
  }

  private static func fileName(_ url: String) -> String {
    URL(string: url)?.lastPathComponent ?? ""
  }
}
