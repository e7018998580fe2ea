import Guests
import Pipeline

/// Where a template is baked, with all that the build needs to know of it.
enum BakingSite {
  /// On a host of the user's own.
  case host(SSHHost)
  /// On a Windows machine of the user's own.
  case windows(WinRMHost)
  /// In a VM on this machine.
  case local(LocalSite)
  /// In a VM on this machine, of which nothing is made.
  case trial(LocalSite)

  /// The site as the user named it.
  var name: String {
    switch self {
    case .host(let host): host.name
    case .windows(let host): host.name
    case .local, .trial: LocalSite.name
    }
  }

  /// What the user calls the machine.
  var machine: String {
    switch self {
    case .host(let host): host.machine
    case .windows(let host): host.machine
    case .local, .trial: "the build VM"
    }
  }

  /// How to get into the machine of a run.
  func doorway(of directory: RunDirectory) -> Doorway {
    switch self {
    case .host(let host): .host(host)
    case .windows(let host): .none(host.machine)
    case .local, .trial: .vm(of: directory)
    }
  }

  /// What kind of system the machine runs.
  var system: GuestSystem {
    if case .windows = self { .windows } else { .posix }
  }

  /// How long the machine may stay out of reach.
  var timeout: Duration {
    switch self {
    case .host(let host): host.timeout
    case .windows(let host): host.timeout
    case .local(let site), .trial(let site): site.timeout
    }
  }

  /// How an image is made; `nil` where the machine itself is what is baked.
  var image: ImagePlan? {
    switch self {
    case .host, .windows, .trial: nil
    case .local(let site): site.image
    }
  }

  /// The states of the VM that a build by `plan` would keep, or begin in, by the numbers of steps.
  func states(of plan: Plan) async throws -> [Int: PlannedState] {
    switch self {
    case .host, .windows: [:]
    case .local(let site), .trial(let site): try await site.states(of: plan)
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
    case .local(let site): try site.site(for: directory, plan, journal, events)
    case .trial(let site):
      .trial(
        site.provider(for: directory, journal, events),
        onFailure: site.image.retention.onCustomizerError)
    }
  }

  private func windows(
    _ host: WinRMHost, _ directory: RunDirectory, _ plan: Plan, _ journal: Journal,
    _ events: any EventSink, _ earlier: Resumption?
  ) -> WindowsHost {
    let run = earlier?.run(for: plan, else: directory.run) ?? directory.run
    return WindowsHost(
      name: host.machine, run: run.text, journal: journal, address: host.name, login: host.login,
      events: events, stepsDone: earlier?.stepsDone(of: plan) ?? 0
    ) { try await host.route(for: run.text) }
  }
}
