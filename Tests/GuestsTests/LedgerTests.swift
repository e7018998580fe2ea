import Testing

@testable import Guests

/// Which bytes of a file are on their way.
@Suite struct LedgerTests {
  private static let size = 300 << 20

  @Test func `every byte is handed out once, in pieces that grow and stay within bounds`() {
    var ledger = TransferLedger(size: Self.size)
    var next = 0
    var longest = 0
    while let piece = ledger.take() {
      #expect(piece.lowerBound == next)
      #expect(piece.count <= max(next / 8, 2 << 20))
      next = piece.upperBound
      longest = max(longest, piece.count)
    }
    #expect(next == Self.size)
    #expect(longest == 16 << 20)
  }

  @Test func `the file is there when all pieces are, in whatever order they arrive`() {
    var ledger = TransferLedger(size: Self.size)
    var pieces: [Range<Int>] = []
    while let piece = ledger.take() { pieces.append(piece) }
    for piece in pieces.shuffled() {
      #expect(!ledger.isComplete)
      let isNew = ledger.confirm(piece.lowerBound)
      #expect(isNew)
    }
    #expect(ledger.isComplete)
  }

  @Test func `only what the guest has not confirmed is sent again after a loss`() {
    var ledger = TransferLedger(size: 16 << 20)
    let pieces = (0..<4).compactMap { _ in ledger.take() }
    let known = [1, 3].map { ledger.confirm(pieces[$0].lowerBound) }
    #expect(known == [true, true])
    ledger.takeBack()
    #expect(ledger.confirmed == 4 << 20)
    #expect(ledger.end == 8 << 20)
    var again: [Range<Int>] = []
    while let piece = ledger.take() { again.append(piece) }
    #expect(again.first == 0..<(64 << 10), "small at first")
    #expect(!again.contains { $0.overlaps(pieces[1]) || $0.overlaps(pieces[3]) })
    #expect(again.reduce(0) { $0 + $1.count } == 12 << 20)
  }

  @Test func `a piece that was not sent can't be confirmed, and none twice`() {
    var ledger = TransferLedger(size: 9 << 20)
    let end = ledger.take()?.upperBound ?? 0
    let known = [end, 0, 0].map { ledger.confirm($0) }
    #expect(known == [false, true, false])
  }
}
