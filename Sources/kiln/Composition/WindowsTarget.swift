import Guests
import Pipeline

/// A Windows machine of the user's own, and how it is reached.
protocol WindowsTarget: Sendable {
  /// The target as the user wrote it.
  var name: String { get }
  /// What the user calls the machine.
  var machine: String { get }
  /// What `kiln gc` needs to log in again.
  var login: GuestLogin { get }
  /// How long it may stay out of reach.
  var timeout: Duration { get }
  /// What the log says of how it is reached.
  var channel: GuestChannel { get }
  /// How somebody gets into it by hand.
  var doorway: Doorway { get }

  /// The way to the machine for a run; it asks for the password where that is needed for `use` and
  /// nobody has told it.
  func route(for run: String, _ use: PasswordUse) async throws -> WindowsRoute
}

/// What the user's password is needed for.
enum PasswordUse {
  /// To log in, where no key does that.
  case login
  /// For tasks that run elevated as the user, too.
  case elevation
  /// For such tasks, which may fail.
  case elevationTrial

  /// What it is needed for by a plan.
  init(_ plan: Plan) {
    self = plan.steps.contains { $0.user == .elevated } ? .elevation : .login
  }
}

/// The machine of `--on ssh://…`, where it runs Windows.
struct SSHWindowsHost: WindowsTarget {
  let host: SSHHost

  var name: String { host.name }
  var machine: String { host.machine }
  var login: GuestLogin { host.login }
  var timeout: Duration { host.timeout }
  var channel: GuestChannel { .windowsSSH }
  var doorway: Doorway { .host(host) }

  func route(for run: String, _ use: PasswordUse) async throws -> WindowsRoute {
    let password = use == .login ? nil : try await host.password()
    guard use != .elevation || password != nil else {
      throw GuestError(
        .unfit,
        "could not bake on \(machine): a step runs elevated, for which Windows wants the user's "
          + "password, and there is nobody to ask for it",
        hint: "give it by --password-fd, as in `--password-fd 3 3<file`, or use `runAsSystem`")
    }
    return WindowsRoute(name: machine, run: run, timeout: timeout, password: password) {
      try await host.connection()
    }
  }
}

extension WinRMHost {
  var channel: GuestChannel { .winRM }
  var doorway: Doorway { .none(machine) }

  func route(for run: String, _ use: PasswordUse) async throws -> WindowsRoute {
    try await route(for: run)
  }
}
