import Pipeline

/// What a console tells of a run, line by line; where it is told decides the manner.
struct Narration {
  /// How many lines of a failed step's stderr are told again at the end.
  static let recalledLines = 10

  private struct Source: Hashable {
    let step: Int
    let stream: Pipeline.OutputStream
  }

  private let manner: ConsoleManner
  private let log: String
  private var run: RunOutline?
  private var lines: [Source: LineAssembler] = [:]
  private var recalled: [Int: [String]] = [:]
  private var results: [StepResult] = []
  private var fetched: Set<String> = []
  private var text: [UInt8] = []

  /// Tells in `manner` of a run whose log is at the path `log`.
  init(_ manner: ConsoleManner, log: String) {
    self.manner = manner
    self.log = log
  }

  /// The whole lines that tell of `event`; each is cut to `columns` on a live terminal.
  mutating func tell(_ event: BuildEvent, columns: Int) -> [UInt8] {
    text.removeAll(keepingCapacity: true)
    switch event {
    case .stepOutput(let step, let stream, let bytes):
      output(Source(step: step, stream: stream), bytes, columns)
    case .warning(let text):
      say("warning: \(text)", .yellow)
    case .runFinished(let result):
      end(result)
    case .stepFinished(let result):
      end(result, columns)
    case .outputFinished(let result):
      end(result)
    default:
      if manner.volume == .normal { tellMore(event, columns) }
    }
    return text
  }

  private mutating func tellMore(_ event: BuildEvent, _ columns: Int) {
    switch event {
    case .runStarted(let run):
      self.run = run
      say("kiln \(run.run): \(run.template) on \(run.on), steps: \(run.steps.count)", .bold)
    case .fetching(let uri, _, _):
      if fetched.insert(uri).inserted, manner.display == .plain { say("fetching \(uri)") }
    case .connected(let machine, let facts, let wait):
      say("connected to \(machine) as \(facts.user) after \(Elapsed(wait))")
    case .stepStarted(let step):
      say("[\(step.number)/\(count)] \(step.title): \(step.summary)", .bold, cutTo: columns)
    case .stepRetried(let retry):
      run?.steps = retry.steps
      say("trying step \(retry.number) again, attempt \(retry.attempt)")
    case .connectionLost(let reason): say("connection lost: \(reason)", .yellow)
    case .connectionRestored(let wait): say("connection restored after \(Elapsed(wait))")
    case .restarted(_, let wait): say("machine restarted, out of reach for \(Elapsed(wait))")
    case .poweredOff(_, let wait): say("machine powered off after \(Elapsed(wait))")
    case .outputStarted(let output):
      say("\(output.name) (\(output.type)): \(output.artifact)", .bold, cutTo: columns)
    case .note(let text): say(text)
    case .canceling(let reason): say("cancelling: \(reason)", .yellow)
    default: break
    }
  }

  private var count: String { run.map { String($0.steps.count) } ?? "?" }

  // MARK: Output of the guest

  private mutating func output(_ source: Source, _ bytes: [UInt8], _ columns: Int) {
    lines[source, default: LineAssembler()].add(bytes) { line in
      Self.add(line, source.stream, manner, columns, to: &text)
      Self.recall(line, source, in: &recalled)
    }
  }

  private mutating func finishOutput(of step: Int, _ columns: Int) {
    for stream in [OutputStream.stdout, .stderr] {
      let source = Source(step: step, stream: stream)
      var rest = lines.removeValue(forKey: source)
      rest?.finish { line in
        Self.add(line, stream, manner, columns, to: &text)
        Self.recall(line, source, in: &recalled)
      }
    }
  }

  private static func add(
    _ line: ArraySlice<UInt8>, _ stream: Pipeline.OutputStream, _ manner: ConsoleManner,
    _ columns: Int, to text: inout [UInt8]
  ) {
    guard manner.volume == .normal else { return }
    switch manner.display {
    case .plain:
      text += (stream == .stdout ? "    | " : "    ! ").utf8
      LegibleText.append(line, to: &text)
    case .live:
      let look = stream == .stdout ? Look.dim : .yellow
      text += "    ".utf8
      text += look.start(manner.color).utf8
      let shown = LegibleText.legible(String(decoding: line, as: UTF8.self))
      text += TextWidth.cut(shown, to: columns - 4).utf8
      text += look.end(manner.color).utf8
    }
    text.append(UInt8(ascii: "\n"))
  }

  private static func recall(
    _ line: ArraySlice<UInt8>, _ source: Source, in recalled: inout [Int: [String]]
  ) {
    guard source.stream == .stderr else { return }
    recalled[source.step, default: []].append(String(decoding: line, as: UTF8.self))
    if recalled[source.step, default: []].count > recalledLines {
      recalled[source.step]?.removeFirst()
    }
  }

  // MARK: Ends

  private mutating func end(_ result: StepResult, _ columns: Int) {
    finishOutput(of: result.number, columns)
    results.append(result)
    if result.outcome.isGood { recalled[result.number] = nil }
    guard manner.volume == .normal else { return }
    guard result.outcome != .skipped, result.outcome != .passedOver else {
      let title = run?.steps.first { $0.number == result.number }?.title ?? result.name
      let why = result.message.map { ": \($0)" } ?? ""
      let outcome = result.outcome == .skipped ? "skipped" : "passed over"
      return say("[\(result.number)/\(count)] \(title) \(outcome)\(why)", .yellow)
    }
    let code = result.exitCode.map { ", exit code \($0)" } ?? ""
    let end = "\(result.outcome.rawValue) after \(Elapsed(seconds: result.seconds))\(code)"
    let isGood = result.outcome.isGood
    switch manner.display {
    case .live: say("  \(isGood ? "✓" : "✗") \(end)", isGood ? .green : .red)
    case .plain: say("[\(result.number)/\(count)] \(end)")
    }
  }

  private mutating func end(_ result: OutputResult) {
    let took = Elapsed(seconds: result.seconds)
    let (good, bad) = manner.display == .live ? ("  ✓ ", "  ✗ ") : ("  ", "  ")
    if let output = result.output {
      guard manner.volume == .normal else { return }
      say("\(good)\(result.planned.name) made after \(took): \(output.artifact)", .green)
    } else {
      say(
        "\(bad)\(result.planned.name) failed after \(took): \(result.message ?? "")", .red)
    }
  }

  private mutating func end(_ result: RunResult) {
    if manner.volume == .normal, let run, !run.steps.isEmpty {
      say("")
      for line in Table(steps: StepRow.rows(run.steps, results)).lines { say(line) }
      say("")
    }
    let look: Look = result.state == .succeeded ? .green : .red
    for (level, error) in result.errors.enumerated() {
      say(level == 0 ? "error: \(error)" : "  because: \(error)", .red)
    }
    if !result.errors.isEmpty { recallFailure() }
    if let hint = result.hint { say("hint: \(hint)", .bold) }
    let took = Elapsed(seconds: result.seconds)
    say("\(result.state.rawValue) after \(took), log: \(log)", look)
  }

  /// Tells the last lines that the failed step wrote to stderr.
  private mutating func recallFailure() {
    guard let failed = results.last, failed.outcome == .failed || failed.outcome == .lost,
      let last = recalled[failed.number], !last.isEmpty
    else { return }
    say("the last it wrote to stderr:")
    for line in last { say("    ! \(line)") }
  }

  /// Adds a line for each line of `content`, harmless whatever it holds.
  private mutating func say(_ content: String, _ look: Look = .plain, cutTo columns: Int? = nil) {
    for piece in content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      var line = LegibleText.legible(String(piece))
      if let columns, manner.display == .live { line = TextWidth.cut(line, to: columns) }
      text += look.start(manner.color).utf8
      text += line.utf8
      text += look.end(manner.color).utf8
      text.append(UInt8(ascii: "\n"))
    }
  }
}
