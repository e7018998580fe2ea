public import Digests
public import Disks
public import FoundationEssentials

/// Where an image came from: all that `metadata.json` keeps of the build that made it.
public struct Provenance: Hashable, Sendable, Codable {
  /// A step of the build.
  public struct Step: Hashable, Sendable, Codable {
    /// Its name.
    public let name: String
    /// Its type, as in `Shell`.
    public let type: String
    /// The checksum that tells it from another, as 64 hexadecimal digits.
    public let sha256: String

    /// Describes a step.
    public init(name: String, type: String, digest: SHA256Digest) {
      self.name = name
      self.type = type
      sha256 = digest.hex
    }
  }

  /// What the build started from.
  public struct Origin: Hashable, Sendable, Codable {
    /// What names it to people and tells it from others: an id, or publisher, offer and SKU.
    public let identity: String
    /// Its exact version, where it has one.
    public let version: String?

    /// Names what the build started from.
    public init(identity: String, version: String?) {
      self.identity = identity
      self.version = version
    }
  }

  /// The run that made the image.
  public let run: String
  /// The template's id, in full: the id of a run output begins with it.
  public let templateID: String
  /// The checksum of the template's bytes, as 64 hexadecimal digits.
  public let templateSHA256: String
  /// The steps, in order.
  public let steps: [Step]
  /// What the build started from.
  public let source: Origin
  /// What a machine needs to start from the image.
  public let firmware: Firmware
  /// The processor that the image is for, as QEMU calls it: `x86_64`, `aarch64`.
  public let architecture: String
  /// When the image was made.
  public let made: Date

  /// Describes where an image came from.
  public init(
    run: String, templateID: String, template: SHA256Digest, steps: [Step], source: Origin,
    firmware: Firmware, architecture: String, made: Date
  ) {
    self.run = run
    self.templateID = templateID
    templateSHA256 = template.hex
    self.steps = steps
    self.source = source
    self.firmware = firmware
    self.architecture = architecture
    self.made = made
  }
}
