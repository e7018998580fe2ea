public import Pipeline

/// A token that Azure's services accept, and how long.
public struct AccessToken: Sendable, Hashable {
  /// What goes behind `Bearer`.
  public let value: Secret
  /// When it is void, in seconds since 1970.
  public let expires: Int64
  /// When to ask for another, in seconds since 1970.
  public let renewal: Int64

  /// How long before its end a token is renewed, in seconds: no request takes longer.
  static let margin: Int64 = 300

  /// A token that is void at `expires`; without a time for its renewal, that is 5 minutes before.
  public init(_ value: Secret, expires: Int64, renewal: Int64? = nil) {
    self.value = value
    self.expires = expires
    self.renewal = min(renewal ?? .max, expires - Self.margin)
  }

  /// Reads the answer of a token service: its times are numbers or texts, as the service likes.
  ///
  /// It is `nil` where there is no token in it; `now` is the time of day, in seconds since 1970.
  init?(_ answer: JSON, now: Int64) {
    guard let value = answer["access_token"]?.text, !value.isEmpty else { return nil }
    let left = answer["expires_in"]?.seconds ?? answer["expires_on"]?.seconds.map { $0 - now }
    guard let left else { return nil }
    let renewal = answer["refresh_in"]?.seconds.map { now + $0 }
    self.init(Secret(value), expires: now + left, renewal: renewal)
  }

  /// The same token, renewed after half of its life where that is two hours or more: managed
  /// identities get theirs for a day, and their service has it in a cache (`azure.md` 3).
  func renewedAtHalf(now: Int64) -> AccessToken {
    let life = expires - now
    return AccessToken(
      value, expires: expires, renewal: life >= 7200 ? now + life / 2 : renewal)
  }
}

extension JSON {
  /// Seconds, as a number or as a text of digits.
  fileprivate var seconds: Int64? { int ?? text.flatMap { Int64($0) } }
}
