public import Digests

/// What a build will do, decided before anything is touched.
///
/// `kiln plan` prints it; nothing is decided later that could be decided here.
public struct Plan: Sendable {
  /// The template's file, as the user named it.
  public let template: String
  /// The checksum of the template's bytes.
  public let templateDigest: SHA256Digest
  /// What is done, in order.
  public let steps: [Step]
  /// What proves the image in a fresh VM, in order; none where no image is made.
  public let validators: [Step]
  /// How long the whole build may take (`aib.md` a.2).
  public let buildTimeout: Duration
  /// Whether the machine is generalized at the end.
  public let generalization: Generalization
  /// What the user should know before the build starts, a sentence each.
  public let notes: [String]

  /// Whether the machine is generalized at the end.
  public enum Generalization: Sendable {
    /// The deprovision script is the last step.
    case deprovision
    /// The machine stays as the customizers leave it, for the reason given.
    case skipped(String)
  }

  /// Whether the deprovision script must be on the machine: it runs, or a customizer edits it.
  ///
  /// On a machine that somebody keeps, it is not put there without need.
  var needsDeprovisionScript: Bool {
    if case .deprovision = generalization { return true }
    return steps.contains { $0.job?.script.contains(Array(DeprovisionStep.name.utf8)) ?? false }
  }

  /// All steps in the order in which they run, those that validate the image last.
  public var allSteps: [Step] { steps + validators }

  var stepCount: Int { allSteps.count }

  /// Whether a step needs to be root.
  public var needsRoot: Bool {
    steps.contains {
      switch $0.work {
      case .script(let job): job.user == .root
      case .generalize: true
      case .file: false
      }
    }
  }
}

/// A customizer in a plan, with all that it needs at hand.
public struct Step: Sendable {
  /// Its number, name and type.
  public let outline: StepOutline
  /// What is done.
  public let work: Work

  /// What a step does; the guest decides how.
  public enum Work: Sendable {
    /// Runs a script: `Shell`, or the deprovision script of a machine that stays.
    case script(GuestJob)
    /// Runs the deprovision script of a VM, which powers off after it.
    case generalize(GuestJob)
    /// Places a file: `File`.
    case file(PlacedFile)
  }

  /// The script that this step runs, if it runs one.
  var job: GuestJob? {
    if case .script(let job) = work { job } else { nil }
  }
}
