internal import HTTP
internal import SystemPackage

extension CatalogError {
  /// A disk that did not come.
  init(fetching url: String, for match: CatalogMatch, _ error: HTTPError) {
    if case .wrongChecksum(let expected, let actual) = error.reason {
      self = .wrong(url, wanted: .sha256(expected), actual: .sha256(actual))
    } else {
      self.init(
        .notFetched, "could not get the disk of `\(match.source)`: \(error)",
        hint: Self.hint(error, match))
    }
  }

  /// A list of checksums that did not come.
  init(noList list: String, of match: CatalogMatch, _ error: HTTPError) {
    self.init(
      .noChecksum, "could not find out the checksum of the disk of `\(match.source)`: \(error)",
      hint: Self.hint(error, match))
  }

  /// Bytes that are not the promised ones.
  static func wrong(_ url: String, wanted: Checksum, actual: Checksum?) -> CatalogError {
    CatalogError(
      .wrongChecksum,
      "could not use the disk from \(redacted(url: url)): its \(actual.map(\.description) ?? "checksum is unknown"), "
        + "but \(wanted) was promised",
      hint: "try again: the publisher may just have replaced it; if it stays so, something in "
        + "between changes it, or the checksum is out of date")
  }

  private static func hint(_ error: HTTPError, _ match: CatalogMatch) -> String? {
    switch error.reason {
    case .status(404, _), .status(410, _):
      switch match.version {
      case .explicit:
        "publishers remove old versions after some months: use `latest`, or name a copy of your "
          + "own in the file of sources"
      case .latest:
        "the publisher may have moved it: name its new address, or a copy of your own, in the "
          + "file of sources"
      }
    case .status: "the server may say more in a browser; --mirror takes the disk from elsewhere"
    default: error.hint
    }
  }
}
