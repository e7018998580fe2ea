public import Template

/// What a disk stands for: an image of the Azure Marketplace, or the id of an image.
public enum SourceName: Hashable, Sendable {
  /// An image, or several where a field has a `*`.
  case platform(PlatformName)
  /// A managed image, or a version of an image in a gallery: exactly this id.
  case resource(ResourceID)

  /// Reads `publisher:offer:sku`, `publisher:offer:sku:version`, as `az vm create --image` has
  /// them, or an id; `nil` for anything else.
  public init?(_ text: String) {
    if let platform = PlatformName(text) {
      self = .platform(platform)
    } else if let id = ResourceID(text), !id.resourceType.isEmpty {
      self = .resource(id)
    } else {
      return nil
    }
  }

  /// The name of a template's source; `nil` for an ISO, which is no disk to start from.
  public init?(_ source: Source) {
    switch source {
    case .platformImage(let image): self = .platform(PlatformName(image))
    case .managedImage(let id), .sharedImageVersion(let id): self = .resource(id)
    case .iso: return nil
    }
  }
}

extension SourceName: CustomStringConvertible {
  /// The name as it is written.
  public var description: String {
    switch self {
    case .platform(let name): name.description
    case .resource(let id): id.text
    }
  }
}

/// `publisher:offer:sku:version`, compared without regard to case, as Azure does.
///
/// A `*` at the end of a part stands for anything: `RedHat:*:*`, `SUSE:sles*:*`.
public struct PlatformName: Sendable {
  /// Who publishes it, as in `Canonical`.
  public let publisher: String
  /// What is published, as in `ubuntu-24_04-lts`.
  public let offer: String
  /// Which variant, as in `server`.
  public let sku: String
  /// `latest`, which a name without a version means, an explicit version, or `*` for all.
  public let version: String

  /// Reads `publisher:offer:sku` or `publisher:offer:sku:version`; `nil` for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard 3...4 ~= parts.count,
      parts.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isWhitespace) })
    else { return nil }
    (publisher, offer, sku) = (parts[0], parts[1], parts[2])
    version = parts.count == 4 ? parts[3] : "latest"
  }

  /// The name of a template's source.
  public init(_ image: PlatformImage) {
    (publisher, offer, sku) = (image.publisher, image.offer, image.sku)
    version = image.version
  }

  /// The name without its version.
  public var image: String { "\(publisher):\(offer):\(sku)" }

  /// How many of the three parts before the version have a `*`.
  var wildcards: Int { [publisher, offer, sku].count { $0.hasSuffix("*") } }

  /// Whether `other` is this image, or one of these, whatever the version.
  func covers(_ other: PlatformName) -> Bool {
    Self.covers(publisher, other.publisher) && Self.covers(offer, other.offer)
      && Self.covers(sku, other.sku)
  }

  /// Whether the version is this one, or one of these.
  func coversVersion(of other: PlatformName) -> Bool { Self.covers(version, other.version) }

  private static func covers(_ pattern: String, _ text: String) -> Bool {
    let pattern = pattern.lowercased()
    return pattern.hasSuffix("*")
      ? text.lowercased().hasPrefix(pattern.dropLast()) : text.lowercased() == pattern
  }
}

extension PlatformName: Hashable, CustomStringConvertible {
  /// Whether both name the same image and version.
  public static func == (left: PlatformName, right: PlatformName) -> Bool {
    left.description.lowercased() == right.description.lowercased()
  }

  /// Feeds what ``==(_:_:)`` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(description.lowercased())
  }

  /// All four parts.
  public var description: String { "\(image):\(version)" }
}
