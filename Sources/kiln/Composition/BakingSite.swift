import Guests
import Pipeline

/// Where a template is baked, with all that the build needs to know of it.
enum BakingSite {
  /// On a host of the user's own.
  case host(SSHHost)
  /// On a Windows machine of the user's own.
  case windows(any WindowsTarget)
  /// In a VM, on this machine or in Azure.
  case vm(any VMSite)
  /// In a VM of which nothing is made.
  case trial(any VMSite)

  /// The site as the user named it.
  var name: String {
    switch self {
    case .host(let host): host.name
    case .windows(let host): host.name
    case .vm(let site), .trial(let site): site.name
    }
  }

  /// What the user calls the machine.
  var machine: String {
    switch self {
    case .host(let host): host.machine
    case .windows(let host): host.machine
    case .vm, .trial: "the build VM"
    }
  }

  /// How to get into the machine of a run.
  func doorway(of directory: RunDirectory) -> Doorway {
    switch self {
    case .host(let host): .host(host)
    case .windows(let host): host.doorway
    case .vm(let site), .trial(let site):
      site.system == .windows ? .none(machine) : .vm(of: directory)
    }
  }

  /// What kind of system the machine runs.
  var system: GuestSystem {
    switch self {
    case .windows: .windows
    case .host: .posix
    case .vm(let site), .trial(let site): site.system
    }
  }

  /// What the log says of how it is reached.
  var channel: GuestChannel {
    switch self {
    case .windows(let host): host.channel
    case .host: .ssh
    case .vm(let site), .trial(let site): site.system == .windows ? .winRM : .ssh
    }
  }

  /// How long the machine may stay out of reach.
  var timeout: Duration {
    switch self {
    case .host(let host): host.timeout
    case .windows(let host): host.timeout
    case .vm(let site), .trial(let site): site.timeout
    }
  }

  /// How an image is made; `nil` where the machine itself is what is baked.
  var image: ImagePlan? {
    switch self {
    case .host, .windows, .trial: nil
    case .vm(let site): site.image
    }
  }

  /// What puts the machine back before a step that runs again: of what is debugged only, since by a
  /// retry of a build somebody goes on with what they mended by hand.
  var rewinder: any StepRewinder {
    switch self {
    case .trial: StateRewinder()
    case .host, .windows, .vm: NoRewinder()
    }
  }

  /// The states of the VM that a build by `plan` would keep, or begin in, by the numbers of steps.
  func states(of plan: Plan) async throws -> [Int: PlannedState] {
    switch self {
    case .host, .windows: [:]
    case .vm(let site), .trial(let site): try await site.states(of: plan)
    }
  }

  /// The site for a run.
  func site(
    for directory: RunDirectory, _ plan: Plan, _ journal: Journal, _ events: any EventSink,
    _ earlier: Resumption?
  ) throws -> Build.Site {
    switch self {
    case .host(let host):
      .host(
        OwnHost(
          route: host.route(
            for: earlier?.run(for: plan, else: directory.run) ?? directory.run), journal: journal,
          address: host.name, login: host.login, events: events,
          stepsDone: earlier?.stepsDone(of: plan) ?? 0))
    case .windows(let host):
      .host(windows(host, directory, plan, journal, events, earlier))
    case .vm(let site):
      try site.site(for: directory, plan, journal, events, goingOnWith: earlier)
    case .trial(let site):
      try .trial(
        site.provider(for: directory, plan, journal, events),
        onFailure: site.image.retention.onCustomizerError)
    }
  }

  private func windows(
    _ host: any WindowsTarget, _ directory: RunDirectory, _ plan: Plan, _ journal: Journal,
    _ events: any EventSink, _ earlier: Resumption?
  ) -> WindowsHost {
    let run = earlier?.run(for: plan, else: directory.run) ?? directory.run
    return WindowsHost(
      name: host.machine, run: run.text, journal: journal, address: host.name, login: host.login,
      events: events, stepsDone: earlier?.stepsDone(of: plan) ?? 0
    ) { try await host.route(for: run.text, PasswordUse(plan)) }
  }
}
