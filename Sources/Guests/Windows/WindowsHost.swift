public import Pipeline

/// The user's own Windows machine, reached over WinRM or SSH: as ``OwnHost`` is for others.
public struct WindowsHost: MachineProvider {
  /// What the user calls the machine: `me@host`.
  public let name: String
  /// The id of the run.
  public let run: String
  /// Settles how the machine is reached: it may ask for a password.
  public let route: @Sendable () async throws -> WindowsRoute
  /// Where the directory on the guest is noted before it is made, and again when it is gone.
  public let journal: Journal
  /// The machine as the journal names it, so that `kiln gc` finds it again.
  public let address: String
  /// How `kiln gc` logs in to it again.
  public let login: GuestLogin
  /// Who is told what happens.
  public let events: any EventSink
  /// How many of the plan's first steps an earlier run has done on it.
  public let stepsDone: Int

  /// How long leaving the machine may take.
  private static let leaveLimit = Duration.seconds(90)

  /// Names a machine.
  public init(
    name: String, run: String, journal: Journal, address: String, login: GuestLogin,
    events: any EventSink, stepsDone: Int = 0,
    route: @escaping @Sendable () async throws -> WindowsRoute
  ) {
    self.name = name
    self.run = run
    self.route = route
    self.journal = journal
    self.address = address
    self.login = login
    self.events = events
    self.stepsDone = stepsDone
  }

  /// Runs `body` with the machine, and takes away all that the run left on it.
  public func withMachine<Result: Sendable>(
    for plan: Plan, _ body: @escaping @Sendable (any Machine) async throws -> Result
  ) async throws -> Result {
    let directory = Resource.guestDirectory(
      on: address, directory: ".kiln-\(run)", login: login)
    try await journal.intend(directory)
    let machine = WindowsMachine(name, stepsDone, route)
    return try await withResource(
      { machine },
      release: { machine in
        do {
          try await machine.leave()
          try await journal.gone(directory)
        } catch {
          events.receive(.warning("\(error)"))
        }
      },
      limit: Self.leaveLimit, for: "\(name) to be cleaned up"
    ) { machine in try await body(machine) }
  }
}

/// The user's own Windows machine while a build uses it.
actor WindowsMachine: AdvancedMachine {
  nonisolated let name: String
  nonisolated let stepsDone: Int
  private let settle: @Sendable () async throws -> WindowsRoute
  private var route: WindowsRoute?
  private var guest: PowerShellGuest?

  init(
    _ name: String, _ stepsDone: Int, _ settle: @escaping @Sendable () async throws -> WindowsRoute
  ) {
    self.name = name
    self.stepsDone = stepsDone
    self.settle = settle
  }

  func connect(report: @escaping GuestReport) async throws -> any Guest {
    let route = try await settle()
    self.route = route
    let guest = try await PowerShellGuest.reach(route, report: report)
    self.guest = guest
    return guest
  }

  /// Leaves the guest; where the build ended while it was being reached, it is reached once more,
  /// since it may have made the run's directory already.
  func leave() async throws {
    if let guest { return try await guest.leave() }
    guard let route else { return }
    do {
      try await PowerShellGuest.reach(route) { _ in }.leave()
    } catch let error as GuestError where error.kind == .unfit || error.kind == .unreachable {
      // What can't be reached a second time was not reached the first time either.
    }
  }
}
