public import Digests
public import Disks
public import FoundationEssentials
public import Pipeline

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
  public private(set) var templateSHA256: String
  /// The steps that it went through, in order.
  public private(set) var steps: [Step]
  /// The customizers of the template that it lacks, where there are any.
  public private(set) var omissions: [Omission]?
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

extension Provenance {
  /// The same with the template, the steps and the omissions as they were when the build had ended.
  func made(by bake: Bake) -> Provenance {
    var result = self
    let missing = Set(bake.omissions.map(\.number))
    result.templateSHA256 = bake.plan.templateDigest.hex
    result.steps = bake.plan.steps.filter { !missing.contains($0.outline.number) }
      .map { Step($0) }
    result.omissions = bake.omissions.isEmpty ? nil : bake.omissions
    return result
  }
}

extension Provenance.Step {
  /// Describes a step of a plan.
  public init(_ step: Pipeline.Step) {
    self.init(name: step.outline.name, type: step.outline.type, digest: step.digest)
  }
}
