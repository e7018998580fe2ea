internal import FoundationEssentials
internal import Synchronization

/// `events.jsonl`: each event of a run as one JSON object on a line, with `time` and `type`.
///
/// What a step or a run is at its start is in `run` and `outline`, how it ended in `result` and
/// `runResult`. A step's output is `text` where it is UTF-8 and `base64` where not, so that nothing is lost.
public final class EventLog: EventSink {
  private struct State: ~Copyable {
    var file: LogFile
    var text = EventText()
  }

  private let state: Mutex<State>
  private let clock: @Sendable () -> Timestamp

  /// Writes the events of the run in `directory`.
  /// - Throws: ``RecordError`` with the file system's reason.
  public convenience init(of directory: RunDirectory) throws(RecordError) {
    try self.init(of: directory, clock: Timestamp.now)
  }

  init(of directory: RunDirectory, clock: @escaping @Sendable () -> Timestamp) throws(RecordError) {
    self.clock = clock
    state = Mutex(State(file: try LogFile(directory.eventsPath)))
  }

  /// Why the log is not whole, where it is not.
  public var failure: RecordError? { state.withLock { $0.file.failure } }

  /// Writes down what happened.
  public func receive(_ event: BuildEvent) {
    let time = clock()
    state.withLock { state in
      state.file.append(state.text.lines(for: event, at: time))
      if case .runFinished = event { state.file.sync() }
    }
  }
}

/// The lines of `events.jsonl`.
struct EventText {
  private struct Source: Hashable {
    let step: Int
    let stream: OutputStream
  }

  // The beginning of a character whose rest comes with the next piece.
  private var unfinished: [Source: [UInt8]] = [:]

  /// The lines for `event`.
  mutating func lines(for event: BuildEvent, at time: Timestamp) -> [UInt8] {
    switch event {
    case .stepOutput(let step, let stream, let bytes):
      let source = Source(step: step, stream: stream)
      let all = (unfinished.removeValue(forKey: source) ?? []) + bytes
      let rest = Self.unfinishedCharacter(all)
      if rest > 0 { unfinished[source] = Array(all.suffix(rest)) }
      return Self.output(all.dropLast(rest), source, time)
    case .stepFinished(let result):
      var lines: [UInt8] = []
      for stream in [OutputStream.stdout, .stderr] {
        let source = Source(step: result.number, stream: stream)
        lines += Self.output(unfinished.removeValue(forKey: source)?[...] ?? [], source, time)
      }
      return lines + Self.line(for: event, time)
    default:
      return Self.line(for: event, time)
    }
  }

  private static func line(for event: BuildEvent, _ time: Timestamp) -> [UInt8] {
    guard let (type, fields) = entry(of: event) else { return [] }
    return line(type, fields, time)
  }

  /// What a line says of an event; output has lines of its own.
  private static func entry(of event: BuildEvent) -> (type: String, fields: Fields)? {
    switch event {
    case .stepOutput: nil
    case .runStarted(let run):
      ("runStarted", Fields(run: run))
    case .stepStarted(let step):
      ("stepStarted", Fields(step: step.number, outline: step))
    case .stepFinished(let result):
      ("stepFinished", Fields(step: result.number, result: result))
    case .stepRetried(let retry):
      ("stepRetried", Fields(step: retry.number, retry: retry))
    case .timed(let stage, let duration):
      ("timed", Fields(seconds: duration / .seconds(1), stage: stage))
    case .runFinished(let result):
      ("runFinished", Fields(runResult: result))
    case .phase(let phase):
      ("phase", Fields(phase: phase))
    case .fetching(let uri, let received, let total):
      ("fetching", Fields(uri: uri, received: received, of: total))
    case .connected(let machine, let facts, let wait):
      ("connected", Fields(machine: machine, guest: facts, seconds: wait / .seconds(1)))
    case .stepProgress(let step, let sent, let total):
      ("stepProgress", Fields(step: step, of: total, sent: sent))
    case .connectionLost(let reason):
      ("connectionLost", Fields(message: reason))
    case .connectionRestored(let wait):
      ("connectionRestored", Fields(seconds: wait / .seconds(1)))
    case .restarted(let step, let wait):
      ("restarted", Fields(step: step, seconds: wait / .seconds(1)))
    case .poweredOff(let machine, let wait):
      ("poweredOff", Fields(machine: machine, seconds: wait / .seconds(1)))
    case .outputStarted(let output):
      ("outputStarted", Fields(output: output))
    case .outputProgress(let output, let share):
      ("outputProgress", Fields(share: share, output: output))
    case .outputFinished(let result):
      ("outputFinished", Fields(outputResult: result))
    case .warning(let text):
      ("warning", Fields(message: text))
    case .note(let text):
      ("note", Fields(message: text))
    case .canceling(let reason):
      ("canceling", Fields(message: reason))
    }
  }

  private struct Fields: Encodable {
    var step: Int?
    var phase: RunSubState?
    var uri: String?
    var received: Int?
    var of: Int?
    var sent: Int?
    var machine: String?
    var guest: GuestFacts?
    var seconds: Double?
    var message: String?
    var run: RunOutline?
    var outline: StepOutline?
    var result: StepResult?
    var retry: StepRetry?
    var stage: RunStage?
    var runResult: RunResult?
    var share: Double?
    var output: PlannedOutput?
    var outputResult: OutputResult?
  }

  private static func line(
    _ type: String, _ fields: some Encodable, _ time: Timestamp
  ) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var line = Array(#"{"time":"\#(time)","type":"\#(type)""#.utf8)
    do {
      let object = try encoder.encode(fields)
      if object.count > 2 {
        line += [UInt8(ascii: ",")] + object.dropFirst()
      } else {
        line += "}".utf8
      }
    } catch {
      // Only a number that is not finite has no JSON; the event itself must not be lost for it.
      line += #","message":"not encodable"}"#.utf8
    }
    return line + [UInt8(ascii: "\n")]
  }

  // MARK: Output, which can be much

  private static func output(
    _ bytes: ArraySlice<UInt8>, _ source: Source, _ time: Timestamp
  ) -> [UInt8] {
    guard !bytes.isEmpty else { return [] }
    let stream = source.stream.rawValue
    var line = Array(
      #"{"time":"\#(time)","type":"stepOutput","step":\#(source.step),"stream":"\#(stream)","#.utf8)
    line.reserveCapacity(line.count + bytes.count * 5 / 4 + 16)
    if String(validating: bytes, as: UTF8.self) != nil {
      line += #""text":""#.utf8
      appendEscaped(bytes, to: &line)
    } else {
      line += #""base64":""#.utf8
      line += Data(bytes).base64EncodedString().utf8
    }
    return line + Array("\"}\n".utf8)
  }

  /// Adds valid UTF-8 to a JSON string; control characters of both sets are escaped.
  private static func appendEscaped(_ bytes: ArraySlice<UInt8>, to line: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    var previous: UInt8 = 0
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n"): line += [92, 110]
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [92, byte]
      case 0..<0x20, 0x7F:
        line += "\\u00".utf8
        line += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      case 0x80...0x9F where previous == 0xC2:
        line.removeLast()
        line += "\\u00".utf8
        line += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: line.append(byte)
      }
      previous = byte
    }
  }

  /// How many bytes at the end begin a character of UTF-8 without ending it.
  private static func unfinishedCharacter(_ bytes: [UInt8]) -> Int {
    for back in 1...3 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > back ? back : 0
    }
    return 0
  }
}
