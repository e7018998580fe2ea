internal import FoundationEssentials
internal import Glibc

/// The directory of one run: `$XDG_STATE_HOME/kiln/runs/<run>/`, for its owner's eyes only.
public struct RunDirectory: Sendable, Hashable {
  /// The run's name.
  public let run: RunID
  /// The directory's absolute path.
  public let path: String

  init(run: RunID, in parent: String) {
    self.run = run
    path = "\(parent)/\(run)"
  }

  /// `run.json`, the ``RunRecord``.
  public var recordPath: String { path + "/run.json" }
  /// `journal.jsonl`, what the run made outside.
  public var journalPath: String { path + "/journal.jsonl" }
  /// `events.jsonl`, everything that happened.
  public var eventsPath: String { path + "/events.jsonl" }
  /// `customization.log`, what happened in the words of AIB.
  public var logPath: String { path + "/customization.log" }
  /// `outputs/`, what the run made.
  public var outputsPath: String { path + "/outputs" }

  /// Puts `record` on the disk; whoever reads it finds the old or the new one, never a part.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func write(_ record: RunRecord) throws(RecordError) {
    try WholeFile.replace(recordPath, with: RecordFormat.encode(record, at: recordPath))
  }

  /// Reads the record.
  /// - Throws: ``RecordError``; of kind ``RecordError/Kind/damaged`` where it is not what Kiln
  ///   wrote.
  public func record() throws(RecordError) -> RunRecord {
    try RecordFormat.decode(RunRecord.self, from: WholeFile.read(recordPath), at: recordPath)
  }

  /// Reads the journal; an empty one where the run never wrote any.
  /// - Throws: ``RecordError``, as ``JournalContents/init(parsing:at:)``.
  public func journal() throws(RecordError) -> JournalContents {
    guard access(journalPath, F_OK) == 0 else { return JournalContents(entries: []) }
    return try JournalContents(parsing: WholeFile.read(journalPath), at: journalPath)
  }

  /// How the run stands, by its record and by whether its process is there.
  /// - Throws: ``RecordError`` where one of the two can't be read.
  public func standing() throws(RecordError) -> (record: RunRecord, standing: RunStanding) {
    let record = try record()
    guard !record.lastRunStatus.runState.isFinal else {
      return (record, .recorded(record.lastRunStatus.runState))
    }
    switch try record.process.presence() {
    case .alive: return (record, .recorded(record.lastRunStatus.runState))
    case .elsewhere: return (record, .elsewhere(host: record.process.host))
    case .gone:
      // It may have written its end between the two looks.
      let last = try self.record()
      let state = last.lastRunStatus.runState
      return (last, state.isFinal ? .recorded(state) : .interrupted)
    }
  }
}

/// How a run stands for those who look at it from outside.
public enum RunStanding: Sendable, Equatable, CustomStringConvertible {
  /// As its record says.
  case recorded(RunState)
  /// Its record says that it runs, but its process is gone; `kiln gc` removes what it left.
  case interrupted
  /// Its record says that it runs, on another machine, where nobody here can look.
  case elsewhere(host: String)

  /// Whether nothing more happens, as far as can be told from here.
  public var isFinal: Bool {
    switch self {
    case .recorded(let state): state.isFinal
    case .interrupted: true
    case .elsewhere: false
    }
  }

  /// The state in a word or two, for tables.
  public var description: String {
    switch self {
    case .recorded(let state): state.rawValue
    case .interrupted: "interrupted"
    case .elsewhere(let host): "Running on \(host)"
    }
  }
}

/// How values are written to and read from the files of a run.
enum RecordFormat {
  static func encode(_ value: some Encodable, at path: String) throws(RecordError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    } catch {
      throw RecordError(.file, "could not write `\(path)`: \(error)")
    }
  }

  static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], at path: String
  ) throws(RecordError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw RecordError(
        .damaged, "could not read `\(path)`: it is not what kiln wrote (\(error))",
        hint: "remove the directory it is in, after `kiln gc`")
    }
  }
}
