internal import Guests
internal import Pipeline
internal import SSH

// How a VM's guest is talked to.
extension LocalVM {
  /// Reaches the guest: by the agent that listens in it, where the state is one with such an agent, else
  /// by SSH.
  func reach(_ report: @escaping GuestReport) async throws -> SSHGuest {
    guard let machine, let keys = publicKeys else {
      throw MachineError(.unavailable, "\(name) was not started")
    }
    var options = SSHOptions()
    options.identities = [place.key]
    options.hostKeyPolicy = .pinned(keys.host)
    options.connectTimeout = .seconds(10)
    let target = ResolvedTarget(user: Self.user, host: "127.0.0.1", port: UInt16(machine.guestPort))
    var route = SSHRoute(
      name: "the build VM", run: place.run.run.text, timeout: setup.sshTimeout,
      patience: .untilTimeout
    ) { [options] in
      try await Self.dial(target, options, machine)
    }
    route.publicKey =
      keys.client.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    do {
      if listens, let port = machine.agentPort {
        listens = false
        let guest = try await SSHGuest.wake(route, at: port, report: report)
        try await machine.releaseNetwork()
        if let guest { return guest }
        events.receive(.note("nobody listens in the kept state as expected: logging in"))
      }
      return try await SSHGuest.reach(route, report: report)
    } catch let error as GuestError {
      tellConsole()
      throw error
    }
  }

  /// A connection, or the word that there is nobody to connect to any more; whoever watches the
  /// machine tells why, and ends what waits here.
  private static func dial(
    _ target: ResolvedTarget, _ options: SSHOptions, _ machine: VirtualMachine
  ) async throws -> SSHConnection {
    guard machine.hasEnded else {
      return try await SSHConnection.connect(to: target, options: options)
    }
    try await ContinuousClock().sleep(for: .seconds(1))
    throw GuestError(.gone, "the virtual machine has ended")
  }
}
