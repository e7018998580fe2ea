public import HTTP

/// The clocks that requests to Azure wait by, and the chance in their waits.
public struct Pace: Sendable {
  /// Waits.
  let pause: @Sendable (Duration) async throws -> Void
  /// The time of day, in seconds since 1970.
  let now: @Sendable () -> Int64
  /// A number between 0 and 1.
  let random: @Sendable () -> Double
  /// Starts a stopwatch, and gives what reads it.
  let stopwatch: @Sendable () -> @Sendable () -> Duration

  /// The machine's clocks, or others in tests.
  /// - Parameters:
  ///   - clock: What is waited on.
  ///   - random: A random number between 0 and 1.
  ///   - now: The time of day, in seconds since 1970.
  public init<C: Clock>(
    clock: C = ContinuousClock(),
    random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
    now: @escaping @Sendable () -> Int64 = Retry.systemTime
  ) where C.Duration == Duration {
    self.random = random
    self.now = now
    pause = { try await clock.sleep(for: $0) }
    stopwatch = {
      let start = clock.now
      return { start.duration(to: clock.now) }
    }
  }

  /// The machine's clocks.
  public static let machine = Pace()
}
