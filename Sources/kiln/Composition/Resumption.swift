import Foundation
import Images
import Pipeline

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
      let isGood = record.results.last { $0.number == number }?.outcome.isGood ?? false
      let before = record.steps.first { $0.number == number }
      return isGood && before?.sha256 == step.outline.sha256 && before?.type == step.outline.type
    }.count
  }

  /// What the user should know of it, a sentence each.
  func notes(on plan: Plan) -> [String] {
    let done = stepsDone(of: plan)
    let next = plan.steps.dropFirst(done).first?.outline
    let before = next.flatMap { next in record.steps.first { $0.number == next.number } }
    let why =
      next.map { next in
        before?.sha256 == next.sha256
          ? "step \(next.number), \(next.title), did not succeed then"
          : "step \(next.number), \(next.title), is another than it was"
      } ?? "all of its steps have succeeded"
    return ["goes on with \(run): \(done) steps are as they were then; \(why)"]
  }

  /// What the run left on a host that this one goes on in, with the jobs that may still run there:
  /// only where nothing has changed of what is left to do, and no step had failed.
  func attachment(for plan: Plan) -> Resource? {
    let isAsItWas = plan.steps.dropFirst(stepsDone(of: plan)).allSatisfy { step in
      let before = record.steps.first { $0.number == step.outline.number }
      return before?.sha256 == step.outline.sha256 && before?.type == step.outline.type
    }
    guard isAsItWas, !journal.hasFailure else { return nil }
    return journal.unfinished.first { if case .guestDirectory = $0 { true } else { false } }
  }

  /// The run whose directory on a host is the new run's, too.
  func run(for plan: Plan, else new: RunID) -> RunID { attachment(for: plan) == nil ? new : run }

  /// Removes what the run left and nobody goes on with.
  func tidy(before plan: Plan, _ ssh: SSHArguments, _ winRM: WinRMArguments) async throws {
    guard attachment(for: plan) == nil else { return }
    _ = try await Leftovers(ssh, winRM, .unfinished).collect(directory)
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

extension JournalContents {
  /// Whether a step ended that had not succeeded.
  fileprivate var hasFailure: Bool {
    entries.contains {
      if case .stepFinished(_, _, let outcome, _) = $0.event { !outcome.isGood } else { false }
    }
  }
}
