public import Pipeline
import SSH

/// The end of a VM: root's program is started before the deprovision script, which may take away the
/// user's right to become root, and waits for the word; a lost connection ends it.
extension SSHGuest {
  /// Runs the deprovision script, and on success has root clean up and power the machine off.
  public func generalize(by job: GuestJob, report: @escaping GuestReport) async throws -> JobEnd {
    var armed = try await arm(with: job, report)
    // Whoever logged in beside it would leave traces, or find the keys gone.
    let end = try await run(job, ahead: .none, watching: false, report: report)
    guard end == .exited(0) else { return end }
    let present = try await agent(report)
    if present !== armed { armed = try await arm(with: nil, report) }
    do {
      try await armed.send("retire\n")
      _ = try await armed.words(after: "r")
    } catch  where error is SSHError || error is AgentGone {
      // Root may have ended the agent before it could say so; the power-off tells.
    }
    await drop()
    return end
  }

  /// Has the guest make ready for the end while the last step still runs: root's program, and the
  /// script.
  ///
  /// A state that is kept meanwhile has the waiting program in it, which ends with its connection.
  func beginArming(_ job: GuestJob?, _ agent: AgentSession) async throws {
    if !isArming {
      let program = AgentProgram.retirement
      let key = route.publicKey.isEmpty ? "-" : route.publicKey
      isArming = true
      try await agent.send(Array("arm \(program.count) \(key)\n".utf8) + program)
    }
    if let job, laid.insert(job.id).inserted { try await agent.send(job.putRequest) }
  }

  /// The agent that has root wait, and look at what runs in the machine beside the next job.
  private func arm(
    with job: GuestJob?, _ report: @escaping GuestReport
  ) async throws -> AgentSession {
    while true {
      do {
        let agent = try await agent(report)
        try await beginArming(job, agent)
        try await agent.send("look\n")
        let words = try await agent.words(after: "r")
        guard words.first == "armed" else {
          throw GuestError(
            .unfit,
            "could not make ready to clean \(route.name): "
              + words.dropFirst().joined(separator: " "),
            hint: "the build user must be able to run `sudo` without a password")
        }
        isArming = false
        return agent
      } catch {
        try await lose(error, report)
      }
    }
  }
}
