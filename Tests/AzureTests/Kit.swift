import HTTP
import Pipeline
import Synchronization
import SystemPackage
import TestSupport

@testable import Azure

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
    // Others get their turn, as at a real wait.
    await Task.yield()
  }
}

/// Gives tokens with numbers, and notes what was asked for.
final class NumberedTokens: TokenSource {
  let name = "NumberedTokens"
  private let life: Int64
  private let now: @Sendable () -> Int64
  private let asked = Mutex<[String?]>([])

  init(life: Int64 = 3600, now: @escaping @Sendable () -> Int64 = { 0 }) {
    self.life = life
    self.now = now
  }

  /// The claims of each request so far.
  var requests: [String?] { asked.withLock { $0 } }

  func token(for audience: String, claims: String?) async throws -> AccessToken {
    let number = asked.withLock { list in
      list.append(claims)
      return list.count
    }
    return AccessToken(Secret("token-\(number)"), expires: now() + life)
  }
}

extension PythonServer {
  /// Whose certificates the client has to believe.
  var trust: HTTPClient.Trust { .authorities(FilePath(authority)) }

  /// What the server answers to a GET of `path`, as text.
  func text(_ path: String) async throws -> String {
    try await HTTPClient(trust: trust).send(HTTPRequest(.get, url + path)).text
  }

  /// A client of this server as Resource Manager.
  func arm(
    _ pace: Pace, tokens: TokenCache? = nil, retry: RetryPolicy = ARMClient.standardRetry,
    trace: Trace? = nil
  ) -> ARMClient {
    let cloud = Cloud(
      name: "test", authority: url, resourceManager: url, audience: url,
      storageSuffix: "localhost:\(port)")
    let wire = Wire(client: HTTPClient(trust: trust), trace: trace, pace: pace)
    return ARMClient(
      cloud: cloud, tokens: tokens ?? TokenCache(NumberedTokens(), pace: pace), wire: wire,
      retry: retry)
  }
}

/// The error that `body` throws.
func failure<Value>(_ body: () async throws -> Value) async throws -> AzureError {
  do {
    _ = try await body()
  } catch let error as AzureError {
    return error
  }
  throw NoFailure()
}

/// The expected error was not thrown.
struct NoFailure: Error {}
