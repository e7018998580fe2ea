public import Layers
internal import Digests
internal import Disks
public import Pipeline
internal import FoundationEssentials
internal import Glibc
internal import SystemPackage

/// How the states of build VMs are kept, and which kept ones a build may start from.
public struct StateKeeping: Sendable {
  /// What is kept of a VM.
  public enum Form: String, Sendable, CaseIterable {
    /// Disks, memory and devices: the VM goes on where it was.
    case live
    /// Disks alone: the VM starts anew, as after a restart.
    case disk
  }

  /// Which kept states a build may start from.
  public enum Reuse: Sendable, Equatable {
    /// Any.
    case all
    /// Those before the step with this number, or for 1 the one before the first step; what is kept
    /// from there on replaces what there is.
    case before(Int)
    /// None; what is kept replaces what there is.
    case none
  }

  /// Where they are.
  public var store: LayerStore
  /// What is kept.
  public var form: Form
  /// Which of them this build may start from.
  public var reuse: Reuse
  /// How much room they may take when the build has ended, in bytes.
  public var limit: Int
  /// What tells the source from every other.
  public var source: String

  /// Puts it together.
  public init(
    store: LayerStore, form: Form, reuse: Reuse, limit: Int, source: String
  ) {
    self.store = store
    self.form = form
    self.reuse = reuse
    self.limit = limit
    self.source = source
  }

  /// Another number for each change of what a kept state is, and of what the guest's end of a build
  /// does in a VM before the first step.
  private static let format = 4

  /// The keys of the states after the first steps of a plan, as far as there are states to keep.
  public func keys(of plan: Plan, in setup: QEMUProvider.Setup) throws -> [StepKey] {
    try StepKey.keys(of: plan.steps, from: root(setup))
  }

  /// What the first step of a build in a VM of this setup finds.
  func root(_ setup: QEMUProvider.Setup) throws -> StateRoot {
    var fields = [
      "format": "\(Self.format)", "form": form.rawValue, "source": source,
      "deprovision": try DeprovisionDefault.digest().hex,
    ].merging(setup.shape) { own, _ in own }
    if form == .live {
      // A state of memory and devices is for the very QEMU that wrote it, or one like it.
      fields["qemu"] = Self.identity(of: try Programs.qemu(for: setup.source.architecture))
      if setup.accelerator == .kvm { fields["processor"] = Self.processor }
    }
    return StateRoot(fields)
  }

  private static func identity(of program: String) -> String {
    var status = stat()
    guard stat(program, &status) == 0 else { return program }
    return "\(program) \(status.st_size) \(status.st_mtim.tv_sec)"
  }

  /// What the host's processor can do, which a guest under KVM has seen.
  private static var processor: String {
    let lines = procFile("/proc/cpuinfo")?.split(separator: "\n") ?? []
    return ["model name", "flags", "Features"].compactMap { name in
      lines.first { $0.hasPrefix(name) }.map(String.init)
    }.joined(separator: "\n")
  }
}
