import Pipeline

/// Keeps count of how long a guest has been out of reach.
struct Outage {
  private let limit: Duration
  private let clock = ContinuousClock()
  private var began: ContinuousClock.Instant?
  private var settled = true
  private var pauses = 0
  /// How long the last one was.
  private(set) var last = Duration.zero

  /// What the limit is called.
  private let name: String

  init(limit: Duration, called name: String = "the SSH timeout") {
    self.limit = limit
    self.name = name
  }

  /// Notes a loss; whether it is a new one.
  mutating func begin() -> Bool {
    defer { settled = false }
    if settled || began == nil {
      began = clock.now
      pauses = 0
    }
    return settled
  }

  /// Notes that there is a connection again; how long there was none, where that was noted.
  mutating func end() -> Duration? {
    guard let began, !settled else { return nil }
    last = clock.now - began
    return last
  }

  /// Notes that the guest does its work again.
  mutating func settle() {
    settled = true
    began = nil
    pauses = 0
  }

  /// How long to wait before the next try: a fifth of a second at first, five seconds at most.
  /// - Throws: ``GuestError`` of kind `lost` when the limit has passed.
  mutating func nextPause(_ name: String) throws(GuestError) -> Duration {
    let start = began ?? clock.now
    began = start
    let left = limit - (clock.now - start)
    guard left > .zero else {
      throw GuestError(
        .lost, "\(name) stayed out of reach for \(limit.formatted), \(self.name)",
        hint: "look at the machine; a job may still run on it until `kiln gc` has ended it")
    }
    pauses += 1
    return min(.milliseconds(100 << min(pauses, 6)), .seconds(5), left)
  }
}
