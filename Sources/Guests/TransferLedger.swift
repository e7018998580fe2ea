/// Which bytes of a file are on their way to a guest, and which the guest has said it has.
///
/// A file goes in pieces, several at a time and each by its own channel, so that they arrive in any
/// order. A piece that was on its way when the connection dropped is sent again.
struct TransferLedger {
  /// A piece is as large as this share of what was sent before it on the same connection.
  private static let share = 8
  private static let largest = 16 * 1024 * 1024
  /// How small a piece is at least; each is a process on the guest.
  private static let smallest = 2 * 1024 * 1024
  /// The same after a loss: a connection that always drops soon still brings the file nearer.
  private static let smallestAfterLoss = 64 * 1024

  let size: Int
  /// What the guest has, in order and with no two that touch.
  private var arrived: [Range<Int>] = []
  /// What nobody was asked to send yet, in order.
  private var waiting: [Range<Int>]
  /// What is on its way, by where it begins.
  private var underWay: [Int: Range<Int>] = [:]
  private var floor = smallest
  /// How many bytes were handed out on this connection.
  private var handedOut = 0
  /// How many bytes were sent and not lost.
  private var sent = 0

  init(size: Int) {
    self.size = size
    waiting = size > 0 ? [0..<size] : []
  }

  /// How many bytes the guest has.
  var confirmed: Int { arrived.reduce(0) { $0 + $1.count } }
  /// How long the file on the guest is at least.
  var end: Int { arrived.last?.upperBound ?? 0 }
  var isComplete: Bool { confirmed == size }

  /// The next piece to send; `nil` where all are on their way or there.
  mutating func take() -> Range<Int>? {
    guard let first = waiting.first else { return nil }
    let room = min(max(handedOut / Self.share, floor), Self.largest)
    let piece = first.lowerBound..<min(first.upperBound, first.lowerBound + room)
    waiting[0] = piece.upperBound..<first.upperBound
    if waiting[0].isEmpty { waiting.removeFirst() }
    underWay[piece.lowerBound] = piece
    handedOut += piece.count
    return piece
  }

  /// Notes that so many bytes were sent; how many that makes.
  mutating func count(_ bytes: Int) -> Int {
    sent += bytes
    return sent
  }

  /// Notes that the guest has the piece that begins at `start`; whether there was such a piece.
  mutating func confirm(_ start: Int) -> Bool {
    guard let piece = underWay.removeValue(forKey: start) else { return false }
    arrived = Self.joined(arrived + [piece])
    return true
  }

  /// Notes that the connection was lost: what was on its way has to be sent again.
  mutating func takeBack() {
    waiting = Self.joined(waiting + underWay.values)
    underWay = [:]
    handedOut = 0
    floor = Self.smallestAfterLoss
    sent = confirmed
  }

  private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, last.upperBound == range.lowerBound {
        result[result.count - 1] = last.lowerBound..<range.upperBound
      } else {
        result.append(range)
      }
    }
    return result
  }
}
