/// An image template: what to start from, what to do, and where the result goes.
///
/// Every value is checked and every default of the service is filled in (`aib.md` a).
public struct ImageTemplate: Hashable, Sendable {
  /// What the template says its version is, if this is a version that exists.
  public let apiVersion: APIVersion?

  /// The name, where the document has one; Azure takes it from the request otherwise.
  public let name: String?

  /// The Azure region of the build; of no meaning on other hosts.
  public let location: String

  /// The tags of the template itself.
  public let tags: [String: String]

  /// Ids of the identities that read scripts and sources and write results.
  public let identities: [String]

  /// The image to start from.
  public let source: Source

  /// Where the document gives the source.
  public let sourcePosition: SourcePosition

  /// What is done to it, in order.
  public let customizers: [Customizer]

  /// How the result is tested.
  public let validation: Validation

  /// What is optimised in the result.
  public let optimization: Optimization

  /// Where the result goes.
  public var distributors: [Distributor]

  /// The machine that the image is built on.
  public let vmProfile: VMProfile

  /// How long the whole build may take.
  public let buildTimeout: BuildTimeout

  /// What becomes of the machines after an error.
  public let errorHandling: ErrorHandling

  /// Whether a build starts by itself when the template is created.
  public let autoRun: Switch

  /// The tags of the resources that the build makes.
  public let managedResourceTags: [String: String]

  /// The resource group for the build's own resources; `nil` for one that the build makes.
  public let stagingResourceGroup: ResourceID?

  /// Sizes in GiB of empty disks that become part of the image.
  public let additionalDataDisks: [Int]
}

/// Whether something is done: the `Enabled` and `Disabled` of the document.
public enum Switch: String, CaseIterable, Hashable, Sendable {
  /// It is done.
  case enabled = "Enabled"
  /// It is not done: the default.
  case disabled = "Disabled"
}

/// What becomes of the machines after an error.
public struct ErrorHandling: Hashable, Sendable {
  /// What is done with a machine after an error.
  public enum Reaction: String, CaseIterable, Hashable, Sendable {
    /// It is removed: the default.
    case cleanup
    /// It stays as it is, for its owner to look at and remove.
    case abort
  }

  /// After a customizer failed.
  public let onCustomizerError: Reaction

  /// After a validation failed.
  public let onValidationError: Reaction
}

/// What is optimised in the image.
public struct Optimization: Hashable, Sendable {
  /// A script that optimises the image for what it will run.
  public struct Workload: Hashable, Sendable {
    /// Whether the script is run.
    public let state: Switch
    /// The script.
    public let script: Script
    /// Where the document names the script.
    public let scriptPosition: SourcePosition
  }

  /// Whether the image is made to start faster.
  public let vmBoot: Switch

  /// The workload's script, if the document has one.
  public let workload: Workload?
}
