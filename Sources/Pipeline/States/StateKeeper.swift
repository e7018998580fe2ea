/// Keeps states where a machine can, and only those that its steps alone would give.
enum StateKeeper {
  static func keepBeginning(of machine: any Machine) async throws {
    try await (machine as? any StatefulVM)?.keepBeginning()
  }

  static func keep(of machine: any Machine, after attempt: StepAttempt) async throws {
    guard let machine = machine as? any StatefulVM else { return }
    if attempt.failure == nil {
      try await machine.keepState(after: attempt.step)
    } else {
      await machine.keepNoMore()
    }
  }
}
