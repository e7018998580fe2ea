internal import Synchronization

/// `customization.log`, in the grammar of AIB from 2020 to 2024 (`aib.md` b.6).
///
/// It keeps the marks that users are told to search for, and adds to each step's first and last
/// line its number, the customizer's name, its duration and its exit code. Lines of a guest longer
/// than ``LineAssembler/lineLimit`` bytes are continued on the next line.
public final class CustomizationLog: EventSink {
  private struct State: ~Copyable {
    var file: LogFile
    var text: LogText
  }

  private let state: Mutex<State>
  private let clock: @Sendable () -> Timestamp

  /// Writes the log of the run in `directory`, whose machine is waited for as long as
  /// `connectTimeout`, over `channel`.
  /// - Throws: ``RecordError`` with the file system's reason.
  public convenience init(
    of directory: RunDirectory, over channel: GuestChannel = .ssh, connectTimeout: Duration
  ) throws(RecordError) {
    try self.init(
      of: directory, over: channel, connectTimeout: connectTimeout, clock: Timestamp.now)
  }

  init(
    of directory: RunDirectory, over channel: GuestChannel = .ssh, connectTimeout: Duration,
    clock: @escaping @Sendable () -> Timestamp
  ) throws(RecordError) {
    self.clock = clock
    state = Mutex(
      State(
        file: try LogFile(directory.logPath),
        text: LogText(run: directory.run.text, over: channel, connectTimeout: connectTimeout)))
  }

  /// Why the log is not whole, where it is not.
  public var failure: RecordError? { state.withLock { $0.file.failure } }

  /// Writes down what happened.
  public func receive(_ event: BuildEvent) {
    let time = clock()
    state.withLock { state in
      state.text.write(event, at: time)
      state.file.append(state.text.take())
      if case .runFinished = event { state.file.sync() }
    }
  }
}
