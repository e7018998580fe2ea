public import Pipeline
import SSH

extension SSHGuest {
  /// Runs the deprovision script, and on success has root clean up and power the machine off.
  ///
  /// Root's program is started before the script, which may take away the user's right to become
  /// root, and waits for the word; a lost connection ends it. The script is made ready beside it.
  public func generalize(by job: GuestJob, report: @escaping GuestReport) async throws -> JobEnd {
    var armed = try await arm(with: job, report)
    let end = try await run(job, ahead: .none, report: report)
    guard end == .exited(0) else { return end }
    let present = try await agent(report)
    if present !== armed { armed = try await arm(report) }
    do {
      try await armed.send("retire\n")
      _ = try await armed.words(after: "r")
    } catch  where error is SSHError || error is AgentGone {
      // Root may have ended the agent before it could say so; the power-off tells.
    }
    await drop()
    return end
  }

  private func arm(
    with job: GuestJob? = nil, _ report: @escaping GuestReport
  ) async throws -> AgentSession {
    let program = AgentProgram.retirement
    while true {
      do {
        let agent = try await agent(report)
        let key = route.publicKey.isEmpty ? "-" : route.publicKey
        try await agent.send(Array("arm \(program.count) \(key)\n".utf8) + program)
        if let job, laid.insert(job.id).inserted { try await agent.send(job.putRequest) }
        let words = try await agent.words(after: "r")
        guard words.first == "armed" else {
          throw GuestError(
            .unfit,
            "could not make ready to clean \(route.name): "
              + words.dropFirst().joined(separator: " "),
            hint: "the build user must be able to run `sudo` without a password")
        }
        return agent
      } catch {
        try await lose(error, report)
      }
    }
  }
}
