public import Pipeline
import SSH

extension SSHGuest {
  /// Waits until the machine has gone down and come back with another boot identity.
  public func awaitRestart(report: @escaping GuestReport) async throws -> Duration {
    let before = jobBoot
    let limit = ContinuousClock.now + route.timeout
    while ContinuousClock.now < limit {
      let agent = try await agent(report)
      if agent.greeting.boot != before {
        proveAlive()
        return lastOutage
      }
      do {
        try await withDeadline(limit - .now, for: "\(route.name) to go down for its restart") {
          while true { _ = try await agent.frame() }
        }
      } catch let error as DeadlineExceeded {
        throw GuestError(.lost, error.description)
      } catch {
        try await lose(error, report)
      }
    }
    throw GuestError(.lost, "\(route.name) did not restart within \(route.timeout.formatted)")
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
