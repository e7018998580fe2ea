public import Pipeline
import SSH
import Synchronization

/// The user's own machine, reached over SSH: the simplest provider, and the one to read first.
///
/// The machine is there before the build and stays after it; what the provider acquires and
/// releases is the run's directory on it.
public struct OwnHost: MachineProvider {
  /// How the machine is reached.
  public let route: SSHRoute
  /// Where the directory on the guest is noted before it is made, and again when it is gone.
  public let journal: Journal
  /// The machine as the journal names it, so that `kiln gc` finds it again: `ssh://me@host:22`.
  public let address: String
  /// How `kiln gc` logs in to it again.
  public let login: GuestLogin
  /// Who is told what happens.
  public let events: any EventSink

  /// How many of the plan's first steps an earlier run has done on it.
  public let stepsDone: Int

  /// How long leaving the machine may take.
  private static let leaveLimit = Duration.seconds(60)

  /// Names a machine.
  public init(
    route: SSHRoute, journal: Journal, address: String, login: GuestLogin, events: any EventSink,
    stepsDone: Int = 0
  ) {
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
    // The run's id is in the directory's name; where on the guest it is, the guest decides.
    let directory = Resource.guestDirectory(
      on: address, directory: ".kiln-\(route.run)", login: login)
    try await journal.intend(directory)
    let machine = OwnMachine(route, stepsDone)
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
      limit: Self.leaveLimit, for: "\(route.name) to be cleaned up"
    ) { machine in try await body(machine) }
  }
}

/// The user's own machine while a build uses it.
actor OwnMachine: AdvancedMachine {
  nonisolated let name: String
  nonisolated let stepsDone: Int
  private let route: SSHRoute
  private let contact = Contact()
  private var guest: SSHGuest?

  init(_ route: SSHRoute, _ stepsDone: Int) {
    name = route.name
    self.stepsDone = stepsDone
    var route = route
    let dial = route.dial
    route.dial = { [contact] in
      let connection = try await dial()
      contact.made.store(true, ordering: .relaxed)
      return connection
    }
    self.route = route
  }

  func connect(report: @escaping GuestReport) async throws -> any Guest {
    let guest = try await SSHGuest.reach(route, report: report)
    self.guest = guest
    return guest
  }

  /// Leaves the guest; where the build ended while it was being reached, it is reached once more,
  /// since it may have made the run's directory already.
  func leave() async throws {
    if let guest { return try await guest.leave() }
    guard contact.made.load(ordering: .relaxed) else { return }
    do {
      try await SSHGuest.reach(route) { _ in }.leave()
    } catch let error as GuestError where error.kind == .unfit {
      // Nothing stays on a guest that is of no use.
    }
  }

  /// Whether a connection to the machine was ever made.
  private final class Contact: Sendable {
    let made = Atomic(false)
  }
}
