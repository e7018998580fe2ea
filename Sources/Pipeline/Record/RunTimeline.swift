/// Where the time of a run went, part by part, as its event log tells.
public struct RunTimeline: Sendable, Encodable {
  /// A part of a run that took time.
  public struct Part: Sendable, Encodable {
    /// What it is: a stage, a step, or an output.
    public enum Kind: Sendable, Hashable, Encodable {
      /// A stage of the run.
      case stage(RunStage)
      /// An attempt of a step.
      case step(number: Int, attempt: Int)
      /// A distributor.
      case output(name: String)
      /// All that is none of these.
      case other

      /// The kind as `acquire`, `step 3`, `step 3, attempt 2` or `write vhd`.
      public var name: String {
        switch self {
        case .stage(let stage): stage.rawValue
        case .step(let number, 1): "step \(number)"
        case .step(let number, let attempt): "step \(number), attempt \(attempt)"
        case .output(let name): "write \(name)"
        case .other: "other"
        }
      }

      /// Writes the name.
      public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
      }
    }

    /// What it is.
    public var part: Kind
    /// When it began, in seconds after the run did.
    public var start: Double
    /// How long it took, in seconds.
    public var seconds: Double
    /// How it ended, where it is a step that ended.
    public var outcome: StepOutcome?
  }

  /// The parts, in the order of their beginnings; the last holds all time that no other has.
  public private(set) var parts: [Part] = []
  /// How long the run took, or has taken until its last event, in seconds.
  public private(set) var seconds = 0.0

  /// Reads where the time of a run went.
  /// - Throws: ``RecordError`` with the file system's reason.
  public init(of directory: RunDirectory) throws(RecordError) {
    var reading = Reading()
    try directory.events { reading.take($0) }
    reading.finish()
    seconds = reading.last
    parts = reading.parts.sorted {
      ($0.start, $0.start + $0.seconds) < ($1.start, $1.start + $1.seconds)
    }
    let known = Self.covered(parts)
    parts.append(Part(part: .other, start: 0, seconds: max(0, seconds - known)))
  }

  /// How many seconds lie in any part: parts may overlap by what their rounding makes of them.
  private static func covered(_ parts: [Part]) -> Double {
    var total = 0.0
    var end = 0.0
    for part in parts {
      total += max(0, part.start + part.seconds - max(end, part.start))
      end = max(end, part.start + part.seconds)
    }
    return total
  }

  /// The parts so far.
  private struct Reading {
    var parts: [Part] = []
    var last = 0.0
    private var origin: Timestamp?
    private var boot = 0.0
    private var begun: [Int: Double] = [:]
    private var attempts: [Int: Int] = [:]

    mutating func take(_ event: LoggedEvent) {
      let origin = self.origin ?? event.time
      self.origin = origin
      let now = event.time.since(origin).seconds
      last = max(last, now)
      switch event.type {
      case "timed":
        guard let stage = event.stage, let seconds = event.seconds else { return }
        if stage == .boot { boot = seconds }
        add(.stage(stage), endingAt: now, seconds)
      case "connected":
        add(.stage(.connect), endingAt: now, (event.seconds ?? 0) - boot)
        boot = 0
      case "stepStarted":
        if let step = event.step { begun[step] = now }
      case "stepRetried":
        if let retry = event.retry { attempts[retry.number] = retry.attempt }
      case "stepFinished":
        guard let result = event.result, begun.removeValue(forKey: result.number) != nil else {
          return
        }
        add(
          .step(number: result.number, attempt: result.attempt), endingAt: now, result.seconds,
          result.outcome)
      case "outputFinished":
        guard let result = event.outputResult else { return }
        add(.output(name: result.planned.name), endingAt: now, result.seconds)
      default: break
      }
    }

    /// Closes what had not ended with the last event.
    mutating func finish() {
      for (step, start) in begun {
        add(.step(number: step, attempt: attempts[step] ?? 1), endingAt: last, last - start)
      }
    }

    private mutating func add(
      _ kind: Part.Kind, endingAt end: Double, _ seconds: Double, _ outcome: StepOutcome? = nil
    ) {
      let seconds = max(0, seconds)
      parts.append(
        Part(part: kind, start: max(0, end - seconds), seconds: seconds, outcome: outcome))
    }
  }
}
