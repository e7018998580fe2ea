public import Pipeline
import SSH

extension SSHGuest {
  /// Waits until the machine has gone down, within `limit`, and come back with another boot
  /// identity, within the SSH timeout; `nil` where it stays up.
  public func awaitRestart(
    goingDownWithin limit: Duration, report: @escaping GuestReport
  ) async throws -> Duration? {
    let before = jobBoot
    while true {
      let agent = try await agent(report)
      guard agent.greeting.boot == before else {
        proveAlive()
        return lastOutage
      }
      do {
        try await withDeadline(limit, for: "\(route.name) to go down for its restart") {
          while true { _ = try await agent.frame() }
        }
      } catch is DeadlineExceeded {
        proveAlive()
        return nil
      } catch {
        try await lose(error, report)
      }
    }
  }

  /// Ends what still runs, removes the run's directory, and closes the connection.
  public func leave() async throws {
    let fault: String
    do {
      fault = try await removeDirectory()
    } catch {
      await drop()
      throw GuestError(
        .unreachable, "could not clean up `\(facts.directory)` on \(route.name): \(error)",
        hint: "`kiln gc` does it when the machine can be reached")
    }
    await drop()
    guard fault.isEmpty else {
      throw GuestError(
        .notPlaced, "could not remove `\(facts.directory)` from \(route.name): \(fault)")
    }
  }

  /// What the guest could not remove, and why; empty where all is gone.
  private func removeDirectory() async throws -> String {
    while true {
      do {
        let agent = try await agent { _ in }
        try await agent.send("leave\n")
        return try await agent.words(after: "l").joined(separator: " ")
      } catch {
        try await lose(error) { _ in }
      }
    }
  }
}
