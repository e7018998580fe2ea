internal import Disks

/// A line of the list of sources.
public struct SourceRow: Encodable, Sendable, Equatable {
  /// The source: `publisher:offer:sku:version`, or an id.
  public let source: String
  /// Who publishes it, where it is an image of the Marketplace.
  public let publisher: String?
  /// What is published, likewise.
  public let offer: String?
  /// Which variant, likewise.
  public let sku: String?
  /// Which version, likewise: `latest`, an explicit one, or `*` for all.
  public let version: String?
  /// What people call what stands for it.
  public let title: String
  /// The disk's path or address; `nil` where there is none.
  public let disk: String?
  /// Why there is no disk, where there is none.
  public let unavailable: String?
  /// What to do instead, where there is none.
  public let instead: String?
  /// What the disk runs on.
  public let architecture: String?
  /// How the disk's file is laid out.
  public let format: String?
  /// Who logs in.
  public let user: String?
  /// What it boots with.
  public let firmware: String?
  /// Which explicit versions have a disk of their own.
  public let versions: String?
  /// Whether a disk of it is on this machine; it may be an older one than the latest.
  public let isHere: Bool
  /// Who says so: `shipped`, or a place as `file:line:column`.
  public let origin: String

  init(
    _ source: String, _ name: SourceName?, _ entry: CatalogEntry, _ disk: CatalogDisk?,
    isHere: Bool
  ) {
    self.source = source
    title = entry.title
    origin = entry.origin.description
    var platform: PlatformName?
    if case .platform(let name) = name { platform = name }
    publisher = platform?.publisher
    offer = platform?.offer
    sku = platform?.sku
    version = platform?.version
    if case .none(let why, let what) = entry.supply {
      (unavailable, instead) = (why, what)
    } else {
      (unavailable, instead) = (nil, nil)
    }
    self.disk = disk?.location.description
    architecture = disk?.architecture.rawValue
    format = disk?.format.rawValue
    user = disk?.user
    firmware = disk?.firmware.rawValue
    versions = disk?.versions?.pattern.text
    self.isHere = isHere
  }
}

extension SourceCatalog {
  /// All that is known, a row for each name, those that count first coming first.
  public func rows(in fetch: SourceFetch) -> [SourceRow] {
    entries.flatMap { entry in
      var disk: CatalogDisk?
      if case .disk(let found) = entry.supply { disk = found }
      let isHere = disk.map(fetch.isHere) ?? false
      return entry.names.map { SourceRow("\($0)", $0, entry, disk, isHere: isHere) }
    }
  }
}

extension CatalogMatch {
  /// The match as a line of the list.
  public func row(in fetch: SourceFetch) -> SourceRow {
    SourceRow(source, SourceName(source), entry, disk, isHere: fetch.isHere(disk))
  }
}
