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

  /// Removes the VM of a run whose process is gone: the states that were kept of it stay. What it left
  /// on a host is the new run's from now on.
  func tidy(_ standing: RunStanding) async throws {
    let open = try Journal(of: directory)
    for resource in journal.unfinished {
      if case .vm(let path) = resource { try await VMPlace.remove(path) }
      try await open.gone(resource)
    }
    if standing == .interrupted { try directory.write(record.closed(at: .now())) }
  }
}
