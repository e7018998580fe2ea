/// Gives a machine that is there already: the user's own host.
public protocol MachineProvider: Sendable {
  /// Runs `body` with a machine that fits `plan`.
  ///
  /// When this returns, however it returns, the machine is gone or was kept on purpose.
  /// - Throws: what `body` throws, or the provider's own error where no machine could be had.
  func withMachine<Result: Sendable>(
    for plan: Plan, _ body: @escaping @Sendable (any Machine) async throws -> Result
  ) async throws -> Result
}

/// A build VM, or the user's own host.
public protocol Machine: Sendable {
  /// What the user calls it: `me@host`, or the VM's name.
  var name: String { get }

  /// Reaches the machine as a guest.
  /// - Throws: ``GuestError`` where that could not be done within the SSH timeout.
  func connect(report: @escaping GuestReport) async throws -> any Guest
}
