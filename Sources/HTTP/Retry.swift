internal import CCurl
internal import Glibc

/// How often and how long something is tried again.
public struct RetryPolicy: Sendable, Equatable {
  /// Tries in all, the first included.
  public var tries: Int
  /// No try begins later than this after the first.
  public var total: Duration
  /// The wait after the first failure, before jitter; it doubles with each further one.
  public var firstDelay: Duration
  /// The longest wait, before jitter; a server that asks for more gets more.
  public var longestDelay: Duration

  /// A policy.
  public init(
    tries: Int, total: Duration, firstDelay: Duration = .milliseconds(500),
    longestDelay: Duration = .seconds(30)
  ) {
    self.tries = tries
    self.total = total
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
  }

  /// 5 tries within 5 minutes.
  public static let standard = RetryPolicy(tries: 5, total: .seconds(300))
  /// For files that may take hours: 10 tries within 6 hours.
  public static let download = RetryPolicy(tries: 10, total: .seconds(6 * 3600))
  /// One try.
  public static let never = RetryPolicy(tries: 1, total: .zero)

  /// How long to wait before the next try, or `nil` when there is none.
  ///
  /// Half of the exponential wait is fixed and half random, so that machines that failed together
  /// don't come back together; what the server asked for (`Retry-After`) is never undercut.
  /// - Parameters:
  ///   - error: The last failure.
  ///   - elapsed: Time since the first try began.
  ///   - random: Between 0 and 1.
  /// - Returns: The wait, or `nil` to give up.
  public func delay(after error: HTTPError, elapsed: Duration, random: Double) -> Duration? {
    guard error.isTransient else { return nil }
    return delay(
      afterTry: error.tries, asked: error.retryAfter, elapsed: elapsed, random: random)
  }

  /// How long to wait before the next try of something that failed in a way that may pass.
  ///
  /// - Parameters:
  ///   - done: How many tries there were.
  ///   - asked: What the server asked for, where it did.
  ///   - elapsed: Time since the first try began.
  ///   - random: Between 0 and 1.
  /// - Returns: The wait, or `nil` when the budget is spent.
  public func delay(
    afterTry done: Int, asked: Duration?, elapsed: Duration, random: Double
  ) -> Duration? {
    guard done < tries else { return nil }
    // 2^20 waits are longer than any limit, and no shift overflows.
    let doubled = firstDelay * (1 << min(max(0, done - 1), 20))
    let wait = min(doubled, longestDelay)
    let delay = max(wait / 2 + wait / 2 * random, asked ?? .zero)
    return elapsed + delay <= total ? delay : nil
  }
}

/// Tries something again as a policy says.
public struct Retry: Sendable {
  /// The policy.
  public let policy: RetryPolicy
  /// The time of day, in seconds since 1970.
  let now: @Sendable () -> Int64

  private let random: @Sendable () -> Double
  private let pause: @Sendable (Duration) async throws -> Void
  /// Starts a stopwatch, and gives what reads it.
  private let stopwatch: @Sendable () -> @Sendable () -> Duration

  /// A policy with the machine's clocks, or with others in tests.
  /// - Parameters:
  ///   - policy: The policy.
  ///   - clock: What is waited on.
  ///   - random: A random number between 0 and 1.
  ///   - now: The time of day, in seconds since 1970.
  public init<C: Clock>(
    _ policy: RetryPolicy, clock: C = ContinuousClock(),
    random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
    now: @escaping @Sendable () -> Int64 = Retry.systemTime
  ) where C.Duration == Duration {
    self.policy = policy
    self.random = random
    self.now = now
    pause = { try await clock.sleep(for: $0) }
    stopwatch = {
      let start = clock.now
      return { start.duration(to: clock.now) }
    }
  }

  /// ``RetryPolicy/standard`` on the machine's clocks.
  public static let standard = Retry(.standard)
  /// ``RetryPolicy/download`` on the machine's clocks.
  public static let download = Retry(.download)
  /// One try.
  public static let never = Retry(.never)

  /// The time of day of the machine, in seconds since 1970.
  @Sendable public static func systemTime() -> Int64 { Int64(time(nil)) }

  /// Runs `body` until it succeeds, fails for good, or the budget is spent.
  /// - Throws: The last ``HTTPError``, with the number of tries in it; any other error at once.
  public func run<Value>(_ body: () async throws -> Value) async throws -> Value {
    let elapsed = stopwatch()
    var tries = 0
    while true {
      do {
        return try await body()
      } catch var error as HTTPError {
        tries += 1
        error.tries = tries
        guard let delay = policy.delay(after: error, elapsed: elapsed(), random: random()) else {
          throw error
        }
        try await pause(delay)
      }
    }
  }
}

extension HTTPError {
  /// The failure that an answer with an unwanted status is.
  init(_ operation: Operation, answer head: ResponseHead, url: String, now: Int64) {
    self.init(
      operation, url, .status(head.status, code: head.headers["x-ms-error-code"]),
      retryAfter: head.retryAfter(now: now))
  }
}

extension ResponseHead {
  /// How long the server asks to wait (RFC 9110, 10.2.3): seconds, or a date, which is compared
  /// with the server's own `Date` where there is one, since the two clocks may differ.
  func retryAfter(now: Int64) -> Duration? {
    guard let text = headers["Retry-After"] else { return nil }
    if let seconds = Int64(text) {
      return seconds >= 0 ? .seconds(min(seconds, Self.longestRetryAfter)) : nil
    }
    guard let date = secondsSince1970(httpDate: text) else { return nil }
    let today = headers["Date"].flatMap(secondsSince1970(httpDate:)) ?? now
    return .seconds(min(max(0, date - today), Self.longestRetryAfter))
  }

  /// A year, in seconds: more is no wait but a refusal, and keeps the arithmetic safe.
  private static let longestRetryAfter: Int64 = 31_536_000
}

/// Reads a date of HTTP, in any of its three forms (RFC 9110, 5.6.7).
func secondsSince1970(httpDate text: String) -> Int64? {
  let seconds = curl_getdate(text, nil)
  return seconds < 0 ? nil : Int64(seconds)
}
