/// How long a whole build may take: `buildTimeoutInMinutes`.
public struct BuildTimeout: Hashable, Sendable {
  /// The longest that the service takes: 960 minutes.
  public static let maximumMinutes = 960

  /// What 0 and an absent value stand for: 240 minutes.
  public static let standard = BuildTimeout(known: 240)

  /// The limit in minutes, from 1 to 960.
  public let minutes: Int

  /// Reads the document's number, where 0 stands for the default; `nil` outside 0...960.
  public init?(minutes: Int) {
    guard 0...Self.maximumMinutes ~= minutes else { return nil }
    self = minutes == 0 ? .standard : BuildTimeout(known: minutes)
  }

  private init(known minutes: Int) {
    self.minutes = minutes
  }

  /// The limit as a length of time.
  public var duration: Duration { .seconds(minutes * 60) }
}
