import Pipeline

/// Where VMs for builds come from, with all that is settled before a build begins: QEMU on this
/// machine, or Azure.
protocol VMSite: Sendable {
  /// What the site is called on the command line.
  var name: String { get }
  /// How long the VM may take to be reached.
  var timeout: Duration { get }
  /// What system the VM runs.
  var system: GuestSystem { get }
  /// How its image is made.
  var image: ImagePlan { get }
  /// What the user should know before the build, a sentence each.
  var notes: [String] { get }

  /// What gives the VMs of a run.
  func provider(
    for directory: RunDirectory, _ plan: Plan, _ journal: Journal, _ events: any EventSink
  ) throws -> any VMProvider

  /// The provider and the distributor for a run, which goes on with an earlier one.
  func site(
    for directory: RunDirectory, _ plan: Plan, _ journal: Journal, _ events: any EventSink,
    goingOnWith earlier: Resumption?
  ) throws -> Build.Site

  /// The states of the VM that a build by `plan` would keep, or begin in, by the numbers of steps.
  func states(of plan: Plan) async throws -> [Int: PlannedState]
}
