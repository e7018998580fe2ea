extension VirtualMachine {
  /// How long QEMU may take to end once it was told to quit: it writes what is left to write.
  private static let quitLimit = Duration.seconds(30)
  /// How long the system may take to end a killed process.
  private static let killLimit = Duration.seconds(20)

  /// Waits until the machine has ended.
  /// - Returns: why; within milliseconds of it.
  /// - Throws: `CancellationError` alone.
  @discardableResult
  public nonisolated func waitForExit() async throws -> VMExit {
    let end = try await process.ended()
    // Its last events may still be on their way.
    try await qmp.closed()
    return history.exit(end, LogTail(path: VMFile.messages.path(in: spec.directory)))
  }

  /// Waits until the machine is of no use any more: ended, crashed, or halted because the host's
  /// disk is full.
  ///
  /// For a run to do beside its work, so that it learns at once.
  /// - Returns: what happened.
  /// - Throws: `CancellationError` alone.
  public nonisolated func waitForFailure() async throws -> VMFailure {
    try await withThrowingTaskGroup(of: VMFailure.self) { group in
      group.addTask { try await self.history.halted.get() }
      group.addTask { .ended(try await self.waitForExit()) }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  /// Ends the machine in order: by its power button, and where the guest does not switch itself
  /// off within `limit`, by force.
  ///
  /// Returns at once where it has ended before.
  /// - Returns: ``VMExit/poweredOff`` where the guest did it itself; ``VMExit/quit`` or
  ///   ``VMExit/killed`` where it had to be forced.
  public func powerOff(within limit: Duration) async throws -> VMExit {
    // A halted guest can't hear the button; and when QEMU is gone already, nobody answers.
    if let status = try? await qmp.execute(.status), status.running,
      (try? await qmp.execute(.systemPowerdown)) != nil,
      try await process.ended(within: limit) != nil
    {
      return try await waitForExit()
    }
    try Task.checkCancellation()
    if (try? await qmp.execute(.quit, limit: Self.quitLimit)) != nil,
      try await process.ended(within: Self.quitLimit) != nil
    {
      return try await waitForExit()
    }
    return try await kill()
  }

  /// Whether the machine has ended.
  public nonisolated var hasEnded: Bool { process.end != nil }

  /// Lets the machine go on when this process ends; nobody here can end it from then on but
  /// ``endLeftover(in:)``.
  public func release() { process.release() }

  /// Ends the machine at once, as by pulling its plug; what the guest did not write is lost.
  ///
  /// Without effect where it has ended before.
  /// - Returns: how it ended.
  /// - Throws: ``QEMUError`` where the process does not go; `CancellationError` where the task is
  ///   cancelled, and the machine is killed then too.
  @discardableResult
  public func kill() async throws -> VMExit {
    if process.end == nil {
      history.addKill()
      process.kill()
    }
    guard try await process.ended(within: Self.killLimit) != nil else {
      throw QEMUError(
        .noAnswer, "could not end the virtual machine `\(spec.name)`",
        "process \(pid) was killed and still runs after \(Self.killLimit)")
    }
    return try await waitForExit()
  }
}
