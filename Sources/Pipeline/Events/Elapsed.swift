/// How a duration is written for people and in the log, as Go writes it: `3.21s`, `20m0s`, `1h2m3s`.
public struct Elapsed: Sendable, CustomStringConvertible {
  private let duration: Duration

  /// Writes `duration`.
  public init(_ duration: Duration) { self.duration = max(duration, .zero) }

  /// Writes a number of seconds.
  public init(seconds: Double) { self.init(.seconds(seconds)) }

  /// Hundredths of a second below a minute, whole seconds above.
  public var description: String {
    let total = Int((duration / .milliseconds(10)).rounded())
    let (seconds, hundredths) = total.quotientAndRemainder(dividingBy: 100)
    if seconds < 60 {
      guard hundredths > 0 else { return "\(seconds)s" }
      return "\(seconds).\(hundredths < 10 ? "0" : "")\(hundredths)s"
    }
    let hours = seconds / 3600
    return "\(hours > 0 ? "\(hours)h" : "")\(seconds / 60 % 60)m\(seconds % 60)s"
  }
}
