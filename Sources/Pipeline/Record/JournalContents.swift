internal import FoundationEssentials

/// What a journal says.
public struct JournalContents: Sendable, Equatable {
  /// Its entries in the order in which they were written.
  public let entries: [JournalEntry]

  /// The journal with these entries.
  public init(entries: [JournalEntry]) { self.entries = entries }

  /// The resources that were intended and are not known to be gone, in the order of their intent.
  ///
  /// Those that were kept on purpose are not among them.
  public var unfinished: [Resource] { standing.filter { !$0.kept }.map(\.resource) }

  /// The resources that were kept on purpose and are not known to be gone.
  public var kept: [Resource] { standing.filter(\.kept).map(\.resource) }

  private var standing: [(resource: Resource, kept: Bool)] {
    var open: [(resource: Resource, kept: Bool)] = []
    for entry in entries {
      switch entry.event {
      case .intend(let resource) where !open.contains { $0.resource == resource }:
        open.append((resource, false))
      case .keep(let resource):
        open.removeAll { $0.resource == resource }
        open.append((resource, true))
      case .gone(let resource): open.removeAll { $0.resource == resource }
      default: break
      }
    }
    return open
  }

  /// Reads the bytes of a journal.
  ///
  /// A last line without its end was torn by a crash: what it announces was never begun, since an
  /// entry counts only when it is on the disk as a whole.
  /// - Throws: ``RecordError`` where any other line is not an entry.
  public init(parsing bytes: [UInt8], at path: String) throws(RecordError) {
    let newline = UInt8(ascii: "\n")
    let whole = bytes[..<(bytes.lastIndex(of: newline) ?? 0)]
    var entries: [JournalEntry] = []
    let lines = whole.split(separator: newline, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      do {
        entries.append(try JSONDecoder().decode(JournalEntry.self, from: Data(line)))
      } catch {
        throw RecordError(
          .damaged, "could not read `\(path)`: line \(index + 1) is no entry of a journal",
          hint: "look at that line: what it names may have to be removed by hand")
      }
    }
    self.entries = entries
  }
}

/// A line of a journal.
public struct JournalEntry: Sendable, Equatable {
  /// What is written down.
  public enum Event: Sendable, Equatable {
    /// The resource will be made now.
    case intend(Resource)
    /// The resource stays after the run, on purpose.
    case keep(Resource)
    /// The resource is no longer there, or never was.
    case gone(Resource)
    /// The step is started on the guest now, as the job with this id.
    case stepStarted(number: Int, job: String)
    /// The step has ended.
    case stepFinished(number: Int, job: String, outcome: StepOutcome, exitCode: Int32?)
    /// A newer version of Kiln wrote something that this one does not know; it is passed over.
    case unknown
  }

  /// When it was written.
  public let time: Timestamp
  /// What is written down.
  public let event: Event

  /// The entry for `event` at `time`.
  public init(_ event: Event, at time: Timestamp) {
    self.event = event
    self.time = time
  }
}

extension JournalEntry: Codable {
  private struct Key: CodingKey, Hashable {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static let at = Key(stringValue: "at")
    static let intend = Key(stringValue: "intend")
    static let keep = Key(stringValue: "keep")
    static let gone = Key(stringValue: "gone")
    static let step = Key(stringValue: "step")
    static let number = Key(stringValue: "number")
    static let job = Key(stringValue: "job")
    static let outcome = Key(stringValue: "outcome")
    static let exitCode = Key(stringValue: "exitCode")
  }

  /// Reads a line.
  public init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: Key.self)
    func resource(_ verb: Key) throws -> Resource {
      let fields = try line.allKeys.filter { $0 != verb && $0 != .at }.map {
        ($0.stringValue, try line.decode(String.self, forKey: $0))
      }
      return Resource(
        kind: try line.decode(String.self, forKey: verb),
        fields: Dictionary(fields) { first, _ in first })
    }
    time = try line.decode(Timestamp.self, forKey: .at)
    if line.contains(.intend) {
      event = .intend(try resource(.intend))
    } else if line.contains(.keep) {
      event = .keep(try resource(.keep))
    } else if line.contains(.gone) {
      event = .gone(try resource(.gone))
    } else {
      switch try line.decodeIfPresent(String.self, forKey: .step) {
      case "started":
        event = .stepStarted(
          number: try line.decode(Int.self, forKey: .number),
          job: try line.decode(String.self, forKey: .job))
      case "finished":
        event = .stepFinished(
          number: try line.decode(Int.self, forKey: .number),
          job: try line.decode(String.self, forKey: .job),
          outcome: try line.decode(StepOutcome.self, forKey: .outcome),
          exitCode: try line.decodeIfPresent(Int32.self, forKey: .exitCode))
      default:
        event = .unknown
      }
    }
  }

  /// Writes a line.
  public func encode(to encoder: any Encoder) throws {
    var line = encoder.container(keyedBy: Key.self)
    try line.encode(time, forKey: .at)
    switch event {
    case .intend(let resource): try encode(resource, as: .intend, to: &line)
    case .keep(let resource): try encode(resource, as: .keep, to: &line)
    case .gone(let resource): try encode(resource, as: .gone, to: &line)
    case .stepStarted(let number, let job):
      try line.encode("started", forKey: .step)
      try line.encode(number, forKey: .number)
      try line.encode(job, forKey: .job)
    case .stepFinished(let number, let job, let outcome, let exitCode):
      try line.encode("finished", forKey: .step)
      try line.encode(number, forKey: .number)
      try line.encode(job, forKey: .job)
      try line.encode(outcome, forKey: .outcome)
      try line.encodeIfPresent(exitCode, forKey: .exitCode)
    case .unknown:
      break
    }
  }

  private func encode(
    _ resource: Resource, as verb: Key, to line: inout KeyedEncodingContainer<Key>
  ) throws {
    for (name, value) in resource.fields {
      try line.encode(value, forKey: Key(stringValue: name))
    }
    try line.encode(resource.kind, forKey: verb)
  }
}
