internal import Dispatch
internal import FoundationEssentials

/// The journal of a run, to write to: what it says is on the disk before the thing is made.
///
/// It has a queue of its own, since waiting for the disk blocks.
public actor Journal {
  private let queue = QueueExecutor(label: "kiln.journal")
  private let file: OpenFile
  // How far the file holds whole lines; what a full disk let through of another is beyond it.
  private var end: Int
  private var tail = Tail.clean

  private enum Tail { case clean, torn }

  /// Where its work is done.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

  /// Opens the journal of the run in `directory`, and makes it where there is none.
  ///
  /// A line that a crash has torn is cut off first, so that the next one stands alone.
  /// - Throws: ``RecordError`` with the file system's reason.
  public init(of directory: RunDirectory) throws(RecordError) {
    let path = directory.journalPath
    let file = try OpenFile(path, for: .append)
    let bytes = try WholeFile.read(path)
    end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    if end < bytes.count { try file.truncate(to: end) }
    try WholeFile.syncDirectory(of: path)
    self.file = file
  }

  /// Writes down that `resource` will be made; make it only when this has returned.
  /// - Throws: ``RecordError`` with the file system's reason; then do not make it.
  public func intend(_ resource: Resource) throws(RecordError) {
    try append(.intend(resource))
  }

  /// Writes down that `resource` stays after the run, on purpose.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func keep(_ resource: Resource) throws(RecordError) {
    try append(.keep(resource))
  }

  /// Writes down that `resource` is no longer there.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func gone(_ resource: Resource) throws(RecordError) {
    try append(.gone(resource))
  }

  /// Writes down that a step is about to start on the guest, as the job with this id.
  /// - Throws: ``RecordError`` with the file system's reason; then do not start it.
  public func stepStarted(_ number: Int, job: String) throws(RecordError) {
    try append(.stepStarted(number: number, job: job))
  }

  /// Writes down how a step ended.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func stepFinished(
    _ number: Int, job: String, outcome: StepOutcome, exitCode: Int32?
  ) throws(RecordError) {
    try append(.stepFinished(number: number, job: job, outcome: outcome, exitCode: exitCode))
  }

  private func append(_ event: JournalEntry.Event) throws(RecordError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line: Data
    do {
      line = try encoder.encode(JournalEntry(event, at: .now()))
    } catch {
      throw RecordError(.file, "could not write `\(file.path)`: \(error)")
    }
    if tail == .torn { try file.truncate(to: end) }
    tail = .torn
    try file.write(Array(line) + [UInt8(ascii: "\n")])
    end += line.count + 1
    tail = .clean
    try file.sync()
  }
}

/// Runs an actor's work on a dispatch queue; Linux has no `DispatchSerialQueue` that does.
final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }
}
