/// A machine in which the first steps of a plan may be done already.
public protocol AdvancedMachine: Machine {
  /// How many they are.
  var stepsDone: Int { get async }
}

/// A VM whose state is kept after steps, so that a later build can start from it.
public protocol StatefulVM: BuildVM, AdvancedMachine {
  /// Keeps the state as it is after `step`, where it is one to keep.
  ///
  /// A state that can't be kept costs the next build time, and this one nothing: that is a warning
  /// and no error.
  /// - Throws: the provider's error where the VM can't go on; `CancellationError`.
  func keepState(after step: Step) async throws

  /// Keeps the state before the first step, where it is not kept yet; as ``keepState(after:)``.
  func keepBeginning() async throws

  /// Keeps no state from now on: the machine is no longer what its steps alone would give.
  func keepNoMore() async

  /// Puts the machine back to the state that was kept before the step that ran last, which was not
  /// kept itself.
  ///
  /// - Throws: the provider's error where the machine is gone and can't be started again;
  ///   `CancellationError`.
  func rewind(report: @escaping GuestReport) async throws -> Rewound
}
