public import Digests

/// What a build will do, decided before anything is touched.
///
/// `kiln plan` prints it; nothing is decided later that could be decided here.
public struct Plan: Sendable {
  /// The template's file, as the user named it.
  public let template: String
  /// The checksum of the template's bytes.
  public let templateDigest: SHA256Digest
  /// What is done, in order; steps have the numbers that they have in the template.
  public let steps: [Step]
  /// The template's customizers that the user left out, in order.
  public let skipped: [StepOutline]
  /// What proves the image in a fresh VM, in order; none where no image is made.
  public let validators: [Step]
  /// What kind of system the machine runs.
  public let system: GuestSystem
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
    let name = Array(DeprovisionStep(on: system).name.utf8)
    return steps.contains { $0.scriptText?.containsIgnoringCase(name) ?? false }
  }

  /// All steps in the order in which they run, those that validate the image last.
  public var allSteps: [Step] { steps + validators }

  /// What is known of all steps before they run, those included that are left out.
  public var outlines: [StepOutline] {
    (allSteps.map(\.outline) + skipped).sorted { $0.number < $1.number }
  }

  var stepCount: Int { allSteps.count + skipped.count }

  /// Whether a step needs to be root.
  public var needsRoot: Bool {
    steps.contains {
      switch $0.work {
      case .script(let job): job.user != .login
      case .powerShell(let work): work.job.user != .login
      case .generalize, .windowsRestart, .windowsUpdate: true
      case .file: false
      }
    }
  }
}

/// A customizer in a plan, with all that it needs at hand.
public struct Step: Sendable {
  /// Its number, name and type.
  public private(set) var outline: StepOutline
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
    /// Runs a script whose exit codes are its own: `PowerShell`.
    case powerShell(PowerShellWork)
    /// Restarts the machine: `WindowsRestart`.
    case windowsRestart(RestartWork)
    /// Installs updates, in rounds: `WindowsUpdate`.
    case windowsUpdate(GuestJob)
  }

  /// Puts a step together.
  init(_ outline: StepOutline, _ work: Work) {
    self.work = work
    self.outline = outline
    self.outline.sha256 = digest.hex
    self.outline.terms = terms
  }

  private var terms: String {
    switch work {
    case .script(let job), .generalize(let job), .windowsUpdate(let job): job.terms
    case .powerShell(let work): "\(work.job.terms), valid \(work.validExitCodes.sorted())"
    case .windowsRestart(let work): "within \(work.limit)"
    case .file(let file):
      "to \(file.destination), mode \(String(file.mode, radix: 8)), \(file.lifetime.rawValue)"
    }
  }

  /// How large the script or file is that it brings, in bytes.
  public var size: Int {
    switch work {
    case .script(let job), .generalize(let job), .windowsUpdate(let job): job.script.count
    case .powerShell(let work): work.job.script.count
    case .windowsRestart(let work): work.text.utf8.count
    case .file(let file): file.source.count
    }
  }

  /// The checksum of the script or file that it brings.
  public var digest: SHA256Digest {
    switch work {
    case .script(let job), .generalize(let job), .windowsUpdate(let job): job.digest
    case .powerShell(let work): work.job.digest
    case .windowsRestart(let work): work.digest
    case .file(let file): file.digest
    }
  }

  /// The name of its job or transfer on the guest, by which it is found there again.
  public var id: String {
    switch work {
    case .script(let job), .generalize(let job), .windowsUpdate(let job): job.id
    case .powerShell(let work): work.job.id
    case .windowsRestart(let work): work.id
    case .file(let file): file.id
    }
  }

  /// The script that this step runs, if it runs one that can follow another without a word.
  var job: GuestJob? {
    if case .script(let job) = work { job } else { nil }
  }

  /// The bytes of the template's script that this step runs, if it runs one.
  var scriptText: [UInt8]? {
    switch work {
    case .script(let job): job.script
    case .powerShell(let work): work.job.script
    default: nil
    }
  }
}

extension GuestJob {
  /// How it is run, whatever its script is.
  fileprivate var terms: String { "\(user.rawValue) by \(interpreter) \(interpreterArgument)" }
}

extension [UInt8] {
  /// Whether `name` stands in the bytes, whatever the case of its ASCII letters.
  fileprivate func containsIgnoringCase(_ name: [UInt8]) -> Bool {
    let lower: (UInt8) -> UInt8 = { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
    return map(lower).contains(name.map(lower))
  }
}
