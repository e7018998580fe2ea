internal import Guests
internal import Layers
public import Pipeline
internal import SystemPackage

/// Gives the VM that an earlier run kept to the build that goes on with that run, and others as
/// ``QEMUProvider`` does.
public struct ResumedQEMUProvider: VMProvider {
  private let plain: QEMUProvider
  private let kept: KeptMachine
  private let stepsDone: Int
  private let earlier: String
  private let keeping: StateKeeping?

  /// Puts a provider together.
  /// - Parameters:
  ///   - plain: Gives the other VMs.
  ///   - kept: The VM.
  ///   - stepsDone: How many of the plan's first steps were done in the VM.
  ///   - earlier: The earlier run's directory on the guest.
  ///   - keeping: Where states are kept, where they are: of this VM none is any more, since the step
  ///     that failed has left its traces in it.
  public init(
    _ plain: QEMUProvider, kept: KeptMachine, stepsDone: Int, earlier: String,
    keeping: StateKeeping?
  ) {
    self.keeping = keeping
    self.plain = plain
    self.kept = kept
    self.stepsDone = stepsDone
    self.earlier = earlier
  }

  /// Runs `body` with a VM; for the source, the one that was kept is that.
  public func withVM<Result: Sendable>(
    from origin: VMOrigin, for plan: Plan,
    _ body: @escaping @Sendable (any BuildVM) async throws -> Result
  ) async throws -> Result {
    guard origin == .source else { return try await plain.withVM(from: origin, for: plan, body) }
    let place = VMPlace(plain.run, origin)
    let vm = LocalVM(plain.setup, place, origin, disks: plain.disks, plain.events)
    let resumed = ResumedVM(vm, stepsDone: stepsDone, earlier: earlier)
    return try await plain.lend(vm, at: place) {
      try await resumed.takeUp(kept)
      try await Journal(of: kept.run).gone(.vm(directory: kept.directory))
    } after: {
      await resumed.letGo()
      if let keeping { _ = try await keeping.store.prune(to: keeping.limit) }
    } _: {
      try await body(resumed)
    }
  }
}

/// A VM in which an earlier run has done a plan's first steps.
actor ResumedVM: BuildVM, AdvancedMachine {
  nonisolated let name: String
  nonisolated let stepsDone: Int
  private let vm: LocalVM
  private let earlier: String
  private var layers: LayerHold?
  private var directories: [String] = []

  init(_ vm: LocalVM, stepsDone: Int, earlier: String) {
    name = vm.name
    self.vm = vm
    self.stepsDone = stepsDone
    self.earlier = earlier
  }

  func takeUp(_ kept: KeptMachine) async throws {
    directories = kept.record.layers
    layers = try LayerHold(directories.map { FilePath($0) })
    try await vm.takeUp(kept)
  }

  func letGo() { layers = nil }

  func connect(report: @escaping GuestReport) async throws -> any Guest {
    let guest = try await vm.reach(report)
    try await guest.adopt(earlier, before: [], report: report)
    return guest
  }

  func capture() async throws -> CapturedDisk { try await vm.capture() }

  func keep() async -> [String] { await vm.keep(lyingOn: directories) }
}
