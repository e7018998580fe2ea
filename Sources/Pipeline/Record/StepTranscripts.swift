/// What the steps of a run wrote, line by line, as its event log has it: without secrets.
public struct StepTranscripts: Sendable {
  /// How many bytes are kept of the beginning and of the end of an attempt's output, each.
  public static let keptBytes = 256 << 10

  /// An attempt of a step.
  public struct Attempt: Sendable, Hashable {
    /// The step's place in the run, from 1.
    public let step: Int
    /// Which attempt it was, from 1.
    public let number: Int

    /// Names an attempt.
    public init(step: Int, number: Int) {
      self.step = step
      self.number = number
    }
  }

  /// A line that a step wrote.
  public struct Line: Sendable, Hashable {
    /// Where to.
    public let stream: OutputStream
    /// The text; nothing in it can steer a terminal.
    public let text: String
  }

  /// What one attempt wrote.
  public struct Transcript: Sendable {
    /// The first lines.
    public fileprivate(set) var head: [Line] = []
    /// The last lines, where not all could be kept.
    public fileprivate(set) var tail: [Line] = []
    /// How many lines between the two are left out.
    public fileprivate(set) var dropped = 0
    private var headBytes = 0
    private var tailBytes = 0

    fileprivate mutating func add(_ line: Line) {
      let size = line.text.utf8.count + 1
      if tail.isEmpty, headBytes + size <= StepTranscripts.keptBytes {
        headBytes += size
        return head.append(line)
      }
      tail.append(line)
      tailBytes += size
      guard tailBytes > 2 * StepTranscripts.keptBytes else { return }
      // In one go when it is twice as much as is kept, so that each line moves once at most.
      var cut = 0
      while tailBytes > StepTranscripts.keptBytes, cut < tail.count - 1 {
        tailBytes -= tail[cut].text.utf8.count + 1
        cut += 1
      }
      tail.removeFirst(cut)
      dropped += cut
    }
  }

  private struct Source: Hashable {
    let attempt: Attempt
    let stream: OutputStream
  }

  private var transcripts: [Attempt: Transcript] = [:]

  /// Reads what the steps of a run wrote.
  /// - Throws: ``RecordError`` with the file system's reason.
  public init(of directory: RunDirectory) throws(RecordError) {
    var attempts: [Int: Int] = [:]
    var open: [Source: LineAssembler] = [:]
    var found: [Attempt: Transcript] = [:]
    func add(_ line: ArraySlice<UInt8>, _ source: Source) {
      var text: [UInt8] = []
      LegibleText.append(line, to: &text)
      found[source.attempt, default: Transcript()].add(
        Line(stream: source.stream, text: String(decoding: text, as: UTF8.self)))
    }
    try directory.events { event in
      guard let step = event.step else { return }
      let attempt = Attempt(step: step, number: attempts[step] ?? 1)
      switch event.type {
      case "stepRetried": attempts[step] = event.retry?.attempt
      case "stepOutput":
        guard let stream = event.stream else { return }
        let source = Source(attempt: attempt, stream: stream)
        open[source, default: LineAssembler()].add(event.bytes) { add($0, source) }
      case "stepFinished":
        for stream in [OutputStream.stdout, .stderr] {
          let source = Source(attempt: attempt, stream: stream)
          var rest = open.removeValue(forKey: source)
          rest?.finish { add($0, source) }
        }
      default: break
      }
    }
    transcripts = found
  }

  /// What an attempt wrote.
  public subscript(attempt: Attempt) -> Transcript { transcripts[attempt] ?? Transcript() }
}
