/// Work that is done beside other work, one piece after another, in the order that it was added in.
final class Backlog: Sendable {
  typealias Piece = @Sendable () async -> Void

  private let pieces: AsyncStream<(piece: Piece, done: Latch<Void>)>
  private let entrance: AsyncStream<(piece: Piece, done: Latch<Void>)>.Continuation

  init() { (pieces, entrance) = AsyncStream.makeStream() }

  /// Has a piece of work done.
  /// - Returns: what tells when it is done.
  func add(_ piece: @escaping Piece) -> Latch<Void> {
    let done = Latch<Void>()
    entrance.yield((piece, done))
    return done
  }

  /// Runs `body` while the work is done beside it, and waits for the rest of the work, also where
  /// `body` throws.
  func emptied<Value: Sendable>(
    during body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let outcome = await withTaskGroup(
      of: Void.self, returning: Result<Value, any Error>.self
    ) { [pieces, entrance] group in
      group.addTask {
        for await next in pieces {
          await next.piece()
          next.done.set(())
        }
      }
      let outcome: Result<Value, any Error>
      do {
        outcome = .success(try await body())
      } catch {
        outcome = .failure(error)
      }
      entrance.finish()
      return outcome
    }
    return try outcome.get()
  }
}
