public import Pipeline

/// Gives VMs on this machine as ``QEMUProvider`` does, and keeps the states of the one that bakes,
/// which begins as the kept state after as many of its steps as possible.
public struct StatefulQEMUProvider: VMProvider {
  private let plain: QEMUProvider
  private let keeping: StateKeeping

  /// Puts a provider together.
  public init(_ plain: QEMUProvider, keeping: StateKeeping) {
    self.plain = plain
    self.keeping = keeping
  }

  /// Runs `body` with a VM; one that starts from the source is a ``StatefulVM``.
  public func withVM<Result: Sendable>(
    from origin: VMOrigin, for plan: Plan,
    _ body: @escaping @Sendable (any BuildVM) async throws -> Result
  ) async throws -> Result {
    guard origin == .source, !plan.steps.isEmpty else {
      return try await plain.withVM(from: origin, for: plan, body)
    }
    let place = VMPlace(plain.run, origin)
    let vm = LocalVM(plain.setup, place, origin, disks: plain.disks, plain.events)
    let kept = KeptVM(
      vm, place, keeping, plan, memory: plain.setup.memory, disks: plain.disks, plain.events)
    let root = try keeping.root(plain.setup)
    return try await plain.lend(vm, at: place) {
      try await kept.start(from: root)
    } after: {
      try await kept.letGo()
    } _: {
      try await kept.whole { try await body(kept) }
    }
  }
}
