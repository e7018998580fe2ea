internal import Dispatch
internal import Synchronization

/// Keeps `run.json` as the events of the run tell it.
///
/// Events come fast and the disk is slow, so the record is written on a queue of its own, and
/// records that were overtaken meanwhile are left out. ``settle()`` waits for the last one.
public final class RunRecorder: EventSink {
  private struct State {
    var record: RunRecord
    var pending = Pending.none
    var failure: RecordError?
  }
  private enum Pending { case none, scheduled }

  private let directory: RunDirectory
  private let queue = DispatchQueue(label: "kiln.record")
  private let state: Mutex<State>

  /// Writes the first record; the run must not begin before this has returned.
  ///
  /// `redactor` takes the secrets out of `record`; the events must come through it already.
  /// - Throws: ``RecordError`` with the file system's reason.
  public init(
    _ record: RunRecord, in directory: RunDirectory, through redactor: Redactor = Redactor()
  ) throws(RecordError) {
    self.directory = directory
    var record = record
    record.template = redactor.redact(record.template)
    record.on = redactor.redact(record.on)
    record.steps = record.steps.map { $0.redacted(by: redactor) }
    state = Mutex(State(record: record))
    try directory.write(record)
  }

  /// The record as it is now; the disk may be a moment behind.
  public var record: RunRecord { state.withLock { $0.record } }

  /// Takes what the event tells into the record, and has it written.
  public func receive(_ event: BuildEvent) {
    let time = Timestamp.now()
    let next = state.withLock { state -> Pending in
      guard state.record.apply(event, at: time) == .changed else { return .none }
      guard state.pending == .none else { return .none }
      state.pending = .scheduled
      return .scheduled
    }
    if next == .scheduled { queue.async { [self] in writeLatest() } }
  }

  /// Waits until the record on the disk is the latest one.
  /// - Throws: ``RecordError`` where that one could not be written.
  public func settle() async throws(RecordError) {
    await withCheckedContinuation { done in queue.async { done.resume() } }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  private func writeLatest() {
    let record = state.withLock { state in
      state.pending = .none
      return state.record
    }
    do throws(RecordError) {
      try directory.write(record)
      // A disk that was full and is not any more has lost nothing: each record is a whole one.
      state.withLock { $0.failure = nil }
    } catch {
      state.withLock { $0.failure = error }
    }
  }
}
