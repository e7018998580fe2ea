import Guests
import Pipeline

/// Where a template is baked, with all that the build needs to know of it.
enum BakingSite {
  /// On a host of the user's own.
  case host(SSHHost)
  /// In a VM on this machine.
  case local(LocalSite)
  /// In a VM on this machine, of which nothing is made.
  case trial(LocalSite)

  /// The site as the user named it.
  var name: String {
    switch self {
    case .host(let host): host.name
    case .local, .trial: LocalSite.name
    }
  }

  /// What the user calls the machine.
  var machine: String {
    switch self {
    case .host(let host): host.machine
    case .local, .trial: "the build VM"
    }
  }

  /// How to get into the machine of a run.
  func doorway(of directory: RunDirectory) -> Doorway {
    switch self {
    case .host(let host): .host(host)
    case .local, .trial: .vm(of: directory)
    }
  }

  /// How long the machine may stay out of reach.
  var timeout: Duration {
    switch self {
    case .host(let host): host.timeout
    case .local(let site), .trial(let site): site.timeout
    }
  }

  /// How an image is made; `nil` where the machine itself is what is baked.
  var image: ImagePlan? {
    switch self {
    case .host, .trial: nil
    case .local(let site): site.image
    }
  }

  /// What puts the machine back before a step that runs again: of what is debugged only, since by a
  /// retry of a build somebody goes on with what they mended by hand.
  var rewinder: any StepRewinder {
    switch self {
    case .trial: StateRewinder()
    case .host, .local: NoRewinder()
    }
  }

  /// The states of the VM that a build by `plan` would keep, or begin in, by the numbers of steps.
  func states(of plan: Plan) async throws -> [Int: PlannedState] {
    switch self {
    case .host: [:]
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
    case .local(let site):
      try site.site(for: directory, plan, journal, events, goingOnWith: earlier)
    case .trial(let site):
      .trial(
        site.provider(for: directory, journal, events),
        onFailure: site.image.retention.onCustomizerError)
    }
  }
}
