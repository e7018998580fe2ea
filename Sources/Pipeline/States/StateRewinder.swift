/// Puts a VM back to the state that was kept before a step.
public struct StateRewinder: StepRewinder {
  /// The rewinder for machines whose states are kept; any other stays as it is.
  public init() {}

  /// Puts the machine back, where its state before `step` is kept.
  public func rewind(
    _ machine: any Machine, before step: Step, report: @escaping GuestReport
  ) async throws -> Rewound {
    guard let machine = machine as? any StatefulVM else {
      return try await NoRewinder().rewind(machine, before: step, report: report)
    }
    return try await machine.rewind(report: report)
  }
}
