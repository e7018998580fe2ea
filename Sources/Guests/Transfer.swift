import Digests
import Pipeline
import SSH
internal import Synchronization

/// A large file on its way to a guest, over several lanes at once.
final class Transfer: Sendable {
  /// How much is handed to SSH at a time: the size at which libssh2 was fastest (`bench.md` 3).
  private static let atOnce = 256 * 1024

  let file: PlacedFile
  let report: GuestReport
  private let source: SourceFile
  private let ledger: Mutex<TransferLedger>

  /// - Throws: ``GuestError`` where the file can't be read.
  init(_ file: PlacedFile, _ report: @escaping GuestReport) throws(GuestError) {
    self.file = file
    self.report = report
    source = try SourceFile(file.source)
    ledger = Mutex(TransferLedger(size: file.source.count))
  }

  /// How many bytes the guest has.
  var confirmed: Int { ledger.withLock { $0.confirmed } }
  /// Whether the guest has all of the file.
  var isComplete: Bool { ledger.withLock { $0.isComplete } }
  /// How long the file on the guest is at least.
  var end: Int { ledger.withLock { $0.end } }

  /// Forgets what the guest has.
  func startOver() { ledger.withLock { $0 = TransferLedger(size: $0.size) } }
  /// Notes that the connection was lost.
  func takeBack() { ledger.withLock { $0.takeBack() } }

  /// The request that makes the guest ready.
  var beginRequest: String {
    "begin \(file.id) \(end) \(file.lifetime.rawValue)\n\(file.destination)\n"
  }

  /// The request that moves the file to its destination.
  var endRequest: String {
    "end \(file.source.count) \(file.digest.hex) \(file.octalMode)\n"
  }

  /// The request that removes what has come of it.
  var discardRequest: String { "discard \(file.id)\n\(file.destination)\n" }

  /// Sends piece after piece by `lane`, until the guest has all of the file.
  /// - Returns: what the guest says where it refuses a piece.
  func run(on lane: AgentSession) async throws -> [String]? {
    try await withThrowingTaskGroup(of: [String]?.self) { group in
      group.addTask {
        try await self.write(to: lane)
        return nil
      }
      group.addTask { try await self.listen(to: lane) }
      defer { group.cancelAll() }
      while let refusal = try await group.next() {
        if let refusal { return refusal }
      }
      return nil
    }
  }

  private func write(to lane: AgentSession) async throws {
    while let piece = ledger.withLock({ $0.take() }) {
      try await lane.send(
        "piece \(file.id) \(piece.lowerBound) \(piece.count)\n\(file.destination)\n")
      var next = piece.lowerBound
      // No byte more than was announced: the agent would take it for a request.
      while next < piece.upperBound {
        let bytes = try source.bytes(next..<min(next + Self.atOnce, piece.upperBound))
        guard !bytes.isEmpty else { throw file.tooShort(next) }
        try await lane.send(bytes)
        next += bytes.count
        let sent = ledger.withLock { $0.count(bytes.count) }
        report(.progress(sent: sent, of: file.source.count))
      }
    }
  }

  private func listen(to lane: AgentSession) async throws -> [String]? {
    while !isComplete {
      switch try await lane.frame() {
      case .line("p", let words):
        guard let start = words.first.flatMap(Int.init),
          ledger.withLock({ $0.confirm(start) })
        else { throw AgentConfusion(line: words.joined(separator: " ")) }
      case .line("f", let words): return words
      default: continue
      }
    }
    return nil
  }
}
