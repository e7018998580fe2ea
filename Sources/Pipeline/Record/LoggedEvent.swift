internal import FoundationEssentials

/// A line of `events.jsonl`, as far as what is told of a run afterwards needs it.
struct LoggedEvent: Decodable {
  /// When it happened.
  let time: Timestamp
  /// What happened, in the words of ``EventLog``.
  let type: String
  let step: Int?
  let stream: OutputStream?
  let text: String?
  let base64: String?
  let seconds: Double?
  let stage: RunStage?
  let result: StepResult?
  let retry: StepRetry?
  let outputResult: OutputResult?

  /// The bytes of a step's output.
  var bytes: [UInt8] {
    text.map { Array($0.utf8) } ?? base64.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
      ?? []
  }
}

extension RunDirectory {
  /// Gives each event of the run's log to `take`, in order, a piece of the file at a time.
  ///
  /// A line that is none, as a crash or a newer version leaves it, is passed over.
  /// - Throws: ``RecordError`` with the file system's reason.
  func events(_ take: (LoggedEvent) -> Void) throws(RecordError) {
    let newline = UInt8(ascii: "\n")
    let decoder = JSONDecoder()
    var offset = 0
    var rest: [UInt8] = []
    while case let piece = try bytes(of: .events, from: offset), !piece.isEmpty {
      offset += piece.count
      rest += piece
      guard let end = rest.lastIndex(of: newline) else { continue }
      for line in rest[..<end].split(separator: newline) {
        // A line of another form tells nothing here.
        if let event = try? decoder.decode(LoggedEvent.self, from: Data(line)) { take(event) }
      }
      rest.removeFirst(end + 1)
    }
  }
}
