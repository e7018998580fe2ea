public import Digests

/// The image that a build starts from.
public enum Source: Hashable, Sendable {
  /// An image of the Azure Marketplace.
  case platformImage(PlatformImage)
  /// A managed image.
  case managedImage(ResourceID)
  /// A version of an image in a gallery; its last part may be `latest`.
  case sharedImageVersion(ResourceID)
  /// The installation medium of Red Hat Enterprise Linux, up to api-version 2019-05-01-preview.
  case iso(ISOImage)
}

/// An installation medium.
public struct ISOImage: Hashable, Sendable {
  /// Where it is fetched from.
  public let uri: String
  /// The checksum that it must have.
  public let sha256: SHA256Digest
}

/// An image of the Azure Marketplace.
public struct PlatformImage: Hashable, Sendable {
  /// Who publishes it, as in `canonical`.
  public let publisher: String
  /// What is published, as in `ubuntu-24_04-lts`.
  public let offer: String
  /// Which variant, as in `server`.
  public let sku: String
  /// Which version; `latest` is resolved when the build starts.
  public let version: String
  /// The plan that was bought, where one is needed.
  public let plan: PurchasePlan?

  /// Names an image, and the plan where it needs one.
  public init(
    publisher: String, offer: String, sku: String, version: String, plan: PurchasePlan?
  ) {
    self.publisher = publisher
    self.offer = offer
    self.sku = sku
    self.version = version
    self.plan = plan
  }
}

/// A plan of the Azure Marketplace.
public struct PurchasePlan: Hashable, Sendable {
  /// The plan's name.
  public let name: String
  /// The product it belongs to.
  public let product: String
  /// Who sells it.
  public let publisher: String

  /// Names a plan.
  public init(name: String, product: String, publisher: String) {
    self.name = name
    self.product = product
    self.publisher = publisher
  }
}
