/// Asks `condition` every few milliseconds until it holds.
///
/// For what offers no event to wait for: a daemon that begins to listen, a process that goes.
/// - Parameters:
///   - what: What is waited for, as the error names it: "the port to answer".
///   - limit: How long to wait; generous, as it costs time only in a test that fails.
///   - condition: An error of its ends the wait at once.
/// - Throws: ``KitError``, naming `what` and `limit`, when the limit passes.
public func waitUntil(
  _ what: String, limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let end = clock.now + limit
  var pause = Duration.milliseconds(1)
  while try await !condition() {
    guard clock.now < end else { throw KitError("gave up waiting for \(what) after \(limit)") }
    try await Task.sleep(for: pause)
    pause = min(pause * 2, .milliseconds(20))
  }
}
