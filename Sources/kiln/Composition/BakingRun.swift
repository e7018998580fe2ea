import Digests
import Guests
import Pipeline

/// One run: its directory, its sinks, and the build between its first event and its last.
struct BakingRun {
  private let directory: RunDirectory
  private let plan: Plan
  private let site: BakingSite
  private let earlier: Resumption?
  private let recorder: RunRecorder
  private let events: Broadcast
  private let log: CustomizationLog
  private let eventLog: EventLog

  init(
    _ directory: RunDirectory, _ plan: Plan, _ site: BakingSite, _ console: any EventSink,
    _ redactor: Redactor, resuming earlier: Resumption? = nil
  ) throws {
    self.directory = directory
    self.plan = plan
    self.site = site
    self.earlier = earlier
    recorder = try RunRecorder(directory.record(), in: directory)
    log = try CustomizationLog(
      of: directory, over: site.channel, connectTimeout: site.timeout)
    eventLog = try EventLog(of: directory)
    // The record last: whoever sees in it that the run has ended finds the logs whole.
    events = Broadcast(to: [log, eventLog, console, recorder], through: redactor)
  }

  /// Builds as `guide` says until `signals` stop it, and ends the record whatever happens.
  func bake(
    _ signals: Signals, guidedBy guide: () throws -> any StepGuide
  ) async throws -> RunResult {
    let start = ContinuousClock.now
    events.receive(
      .runStarted(
        RunOutline(
          run: directory.run.text, template: plan.template, on: site.name,
          steps: plan.outlines)))
    for note in plan.notes { events.receive(.note(note)) }
    var failure: (any Error)?
    do {
      let journal = try Journal(of: directory)
      try await earlier?.handOver(for: plan, to: journal)
      let build = Build(
        plan: plan, site: try site.site(for: directory, plan, journal, events, earlier),
        events: events, journal: journal, guide: try guide(),
        rewinder: site.rewinder)
      try await signals.cancelling {
        events.receive(.canceling("\($0)"))
      } _: {
        try await build.run()
      }
    } catch {
      failure = error
    }
    let result = RunEnding.result(
      of: failure, after: ContinuousClock.now - start, stoppedBy: signals.stop)
    events.receive(.runFinished(result))
    try await recorder.settle()
    for failure in [log.failure, eventLog.failure].compactMap(\.self) {
      StandardError.write("warning: \(failure)")
    }
    return result
  }
}
