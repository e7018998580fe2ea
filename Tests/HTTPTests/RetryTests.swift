import HTTP
import Synchronization
import Testing

@Suite(.server) struct RetryTests {
  @Test func `429 is tried again after the seconds that the server asks for`() async throws {
    let server = try Server.current
    let clock = SkippingClock()
    let response = try await server.client.send(
      HTTPRequest(.get, server.url("busy/7")), retry: Retry(.standard, clock: clock))
    #expect(response.body == payload)
    #expect(clock.waits == [.seconds(7)])
  }

  @Test func `429 is tried again at the date that the server names by its own clock`() async throws
  {
    let server = try Server.current
    let clock = SkippingClock()
    let retry = Retry(.standard, clock: clock, now: { 0 })
    let request = HTTPRequest(.get, server.url("busy/date"))
    #expect(try await server.client.send(request, retry: retry).status == 200)
    let wait = try #require(clock.waits.first)
    #expect((.seconds(88)...(.seconds(91))).contains(wait))
    #expect(clock.waits.count == 1)
  }

  @Test func `503 is an error once the tries are spent`() async throws {
    let server = try Server.current
    let clock = SkippingClock()
    let retry = Retry(
      RetryPolicy(tries: 4, total: .seconds(60)), clock: clock, random: { 1 })
    let error = try await failure {
      try await server.client.send(HTTPRequest(.get, server.url("status/503")), retry: retry)
    }
    #expect(error.reason == .status(503, code: "BlobNotFound"))
    #expect(error.tries == 4)
    #expect("\(error)".hasSuffix(": the server answered 503 (BlobNotFound) (tried 4 times)"))
    #expect(clock.waits == [.milliseconds(500), .seconds(1), .seconds(2)])
    #expect(try await server.requests("status/503").count == 4)
  }

  @Test func `no try begins after the total time`() async throws {
    let server = try Server.current
    let clock = SkippingClock()
    let retry = Retry(RetryPolicy(tries: 9, total: .seconds(6)), clock: clock)
    let error = try await failure {
      try await server.client.send(HTTPRequest(.get, server.url("busy/7")), retry: retry)
    }
    #expect(error.retryAfter == .seconds(7))
    #expect(error.hint == "the server asks to wait 7.0 seconds before the next try")
    #expect(clock.waits.isEmpty)
  }

  @Test(arguments: [404, 403, 501, 505])
  func `a status that will not change is no reason for another try`(status: Int) async throws {
    let server = try Server.current
    let clock = SkippingClock()
    let response = try await server.client.send(
      HTTPRequest(.get, server.url("status/\(status)")), retry: Retry(.standard, clock: clock))
    #expect(response.status == status)
    #expect(clock.waits.isEmpty)
  }

  @Test(arguments: [408, 429, 500, 502, 503, 504])
  func `a status that may pass is a reason for another try`(status: Int) async throws {
    let server = try Server.current
    let clock = SkippingClock()
    let error = try await failure {
      try await server.client.send(
        HTTPRequest(.get, server.url("status/\(status)")), retry: Retry(.standard, clock: clock))
    }
    #expect(error.tries == 5)
    #expect(clock.waits.count == 4)
  }

  @Test func `waits double up to the longest, half of each at random`() async throws {
    let clock = SkippingClock()
    let policy = RetryPolicy(
      tries: 6, total: .seconds(600), firstDelay: .seconds(1), longestDelay: .seconds(5))
    _ = try await failure {
      try await HTTPClient().send(
        HTTPRequest(.get, "http://127.0.0.1:1/"), retry: Retry(policy, clock: clock, random: { 0 }))
    }
    #expect(clock.waits == [.seconds(0.5), .seconds(1), .seconds(2), .seconds(2.5), .seconds(2.5)])
  }

  @Test func `a cancelled wait ends the tries`() async throws {
    let server = try Server.current
    let (url, client) = (server.url("status/503"), server.client)
    await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let policy = RetryPolicy(tries: 9, total: .seconds(600), firstDelay: .seconds(300))
        _ = try await client.send(HTTPRequest(.get, url), retry: Retry(policy))
      }
      group.cancelAll()
      await #expect(throws: CancellationError.self) { try await group.next() }
    }
  }
}

/// A clock that notes each wait and is there at once.
final class SkippingClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
  }

  private let noted = Mutex<[Duration]>([])

  var waits: [Duration] { noted.withLock { $0 } }
  var now: Instant { Instant(offset: waits.reduce(.zero, +)) }
  var minimumResolution: Duration { .zero }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    try Task.checkCancellation()
    let wait = now.duration(to: deadline)
    noted.withLock { $0.append(wait) }
  }
}
