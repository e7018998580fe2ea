internal import Dispatch
internal import Synchronization

/// Takes a stream apart on one thread while another uses what has come, so that both have something to
/// do: what is compressed comes no faster than it is taken.
final class ReadAhead: Sendable {
  /// How many pieces may wait: what is there before a machine is ready to take any.
  private static let most = 64
  private static let pieceSize = 1 << 20

  /// A buffer, of which the first bytes count.
  struct Piece: Sendable {
    var bytes: [UInt8]
    var count: Int
  }

  private struct State {
    var ready: [Piece] = []
    var spare: [[UInt8]] = []
    var fault: MemoryError?
    var isOver = false
  }

  private let state = Mutex(State())
  private let filled = DispatchSemaphore(value: 0)
  private let free = DispatchSemaphore(value: 0)

  init() {
    // A semaphore must not end with less than it was made with.
    for _ in 0..<Self.most { free.signal() }
  }

  /// Reads a stream to its end, or until nobody takes it any more.
  func read(_ opened: () throws(MemoryError) -> any ByteStream) {
    do throws(MemoryError) {
      try read(try opened())
    } catch {
      state.withLock {
        $0.fault = error
        $0.ready.append(Piece(bytes: [], count: 0))
      }
      filled.signal()
    }
  }

  private func read(_ stream: any ByteStream) throws(MemoryError) {
    var count: Int
    repeat {
      free.wait()
      let (isOver, spare) = state.withLock { ($0.isOver, $0.spare.popLast()) }
      if isOver { return }
      var buffer = spare ?? [UInt8](repeating: 0, count: Self.pieceSize)
      let outcome = buffer.withUnsafeMutableBytes { bytes in
        Result { () throws(MemoryError) in try stream.read(into: bytes) }
      }
      count = try outcome.get()
      let piece = Piece(bytes: buffer, count: count)
      state.withLock { $0.ready.append(piece) }
      filled.signal()
    } while count > 0
  }

  /// The next piece; `nil` at the end.
  func next() throws(MemoryError) -> Piece? {
    filled.wait()
    let (piece, fault) = state.withLock { state in (state.ready.removeFirst(), state.fault) }
    if piece.count > 0 { return piece }
    if let fault { throw fault }
    return nil
  }

  /// Gives a piece back.
  func reuse(_ piece: Piece) {
    state.withLock { $0.spare.append(piece.bytes) }
    free.signal()
  }

  /// Has the reading end: nobody takes more.
  func stop() {
    state.withLock { $0.isOver = true }
    free.signal()
  }
}
