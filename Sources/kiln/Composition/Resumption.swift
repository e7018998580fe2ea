import Foundation
import Images
import Pipeline
import QEMU

/// What a run that ended early leaves to the one that goes on with it.
struct Resumption {
  /// The run.
  let run: RunID
  private let directory: RunDirectory
  private let record: RunRecord
  private let journal: JournalContents

  init(of record: RunRecord, in directory: RunDirectory, _ journal: JournalContents) {
    run = directory.run
    self.directory = directory
    self.record = record
    self.journal = journal
  }

  /// How many of a plan's first steps the run saw succeed, and that are as they were.
  func stepsDone(of plan: Plan) -> Int {
    plan.steps.prefix { step in
      let number = step.outline.number
      guard let result = record.results.last(where: { $0.number == number }),
        result.outcome.isGood, (result.sha256 ?? step.outline.sha256) == step.outline.sha256
      else { return false }
      let before = record.steps.first { $0.number == number }
      return before.map(step.outline.doesTheSame) ?? false
    }.count
  }

  /// What the user should know of it, a sentence each.
  func notes(on plan: Plan, _ site: BakingSite) -> [String] {
    if case .vm(let vm) = site, vm is AzureSite { return anew }
    let done = stepsDone(of: plan)
    let next = plan.steps.dropFirst(done).first?.outline
    let before = next.flatMap { next in record.steps.first { $0.number == next.number } }
    let why =
      next.map { next in
        before.map(next.doesTheSame) ?? false
          ? "step \(next.number), \(next.title), did not succeed then"
          : "step \(next.number), \(next.title), is another than it was"
      } ?? "all of its steps have succeeded"
    return ["goes on with \(run): \(done) steps are as they were then; \(why)"]
      + place(for: plan, site)
  }

  private var anew: [String] {
    let isKept = journal.kept.contains { if case .azure = $0 { true } else { false } }
    return [
      "all steps of \(run) run again, in a new virtual machine: in Azure no states are kept"
    ]
      + (isKept ? ["the virtual machine that was kept stays, and `kiln gc --kept` removes it"] : [])
  }

  /// In which of the VMs it goes on, where it does in one.
  private func place(for plan: Plan, _ site: BakingSite) -> [String] {
    guard case .vm(let vm) = site, let local = vm as? LocalSite else { return [] }
    if keptMachine(for: plan, on: local) != nil {
      return ["goes on in the virtual machine that was kept, with all that is in it"]
    }
    guard machine != nil else { return [] }
    return [
      "the virtual machine that was kept is not what this build would go on in; it stays, and "
        + "`kiln gc --kept` removes it"
    ]
  }

  /// The VM that the run kept, where it lives.
  private var machine: KeptMachine? { KeptMachine(of: directory, journal) }

  /// The VM that the run kept, with the run's directory on the guest: where it lives, is of the make
  /// that `site` asks for, and no step has begun in it but those that are done, and the one that is
  /// next.
  func keptMachine(
    for plan: Plan, on site: LocalSite
  ) -> (machine: KeptMachine, directory: String)? {
    guard let machine, site.fits(machine), let guest = record.guest,
      let next = plan.steps.dropFirst(stepsDone(of: plan)).first
    else { return nil }
    let begun = record.results.filter { $0.outcome != .skipped }.map(\.number).max() ?? 0
    // After a generalization that failed nobody knows what is left of the machine.
    if case .generalize = next.work, begun == next.outline.number { return nil }
    return begun <= next.outline.number ? (machine, guest.directory) : nil
  }

  /// What the run left on a host that this one goes on in, with the jobs that may still run there:
  /// only where nothing has changed of what is left to do, and no step had failed.
  func attachment(for plan: Plan) -> Resource? {
    let isAsItWas = plan.steps.dropFirst(stepsDone(of: plan)).allSatisfy { step in
      let before = record.steps.first { $0.number == step.outline.number }
      return before.map(step.outline.doesTheSame) ?? false
    }
    guard isAsItWas, !journal.hasFailure else { return nil }
    return journal.unfinished.first { if case .guestDirectory = $0 { true } else { false } }
  }

  /// The run whose directory on a host is the new run's, too.
  func run(for plan: Plan, else new: RunID) -> RunID { attachment(for: plan) == nil ? new : run }

  /// Removes what the run left and nobody goes on with.
  func tidy(
    before plan: Plan, _ ssh: SSHArguments, _ winRM: WinRMArguments, _ cloud: CloudArguments
  ) async throws {
    guard attachment(for: plan) == nil else { return }
    _ = try await Leftovers(ssh, winRM, cloud, .unfinished).collect(directory)
    // What it had begun to write of images, and the names that it had reserved.
    _ = try await ImageStore(environment: ProcessInfo.processInfo.environment).removeAbandoned()
  }

  /// Notes in both journals whose the attachment is from now on.
  func handOver(for plan: Plan, to journal: Journal) async throws {
    guard let resource = attachment(for: plan) else { return }
    try await journal.intend(resource)
    try await Journal(of: directory).gone(resource)
    let (record, standing) = try directory.standing()
    if standing == .interrupted { try directory.write(record.closed(at: .now())) }
  }
}

extension StepOutline {
  /// Whether it does what an earlier one did.
  fileprivate func doesTheSame(_ earlier: StepOutline) -> Bool {
    (earlier.type, earlier.sha256, earlier.terms) == (type, sha256, terms)
  }
}

extension JournalContents {
  /// Whether a step ended that had not succeeded.
  fileprivate var hasFailure: Bool {
    entries.contains {
      if case .stepFinished(_, _, let outcome, _) = $0.event { !outcome.isGood } else { false }
    }
  }
}
