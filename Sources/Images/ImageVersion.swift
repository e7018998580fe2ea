/// The number of an image's version in a gallery: `1.0.3`.
public struct ImageVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The first number.
  public let major: Int
  /// The second number.
  public let minor: Int
  /// The third number.
  public let patch: Int

  /// The largest that each number may be (`aib.md` d.3).
  public static let maximum = 2_147_483_647

  /// A version; `nil` where a number is negative or above ``maximum``.
  public init?(_ major: Int, _ minor: Int, _ patch: Int) {
    guard [major, minor, patch].allSatisfy({ 0...Self.maximum ~= $0 }) else { return nil }
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// Reads three numbers with points between; `nil` for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    // `Int` would take a sign.
    guard parts.count == 3, parts.allSatisfy({ $0.utf8.allSatisfy { 48...57 ~= $0 } }) else {
      return nil
    }
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == 3 else { return nil }
    self.init(numbers[0], numbers[1], numbers[2])
  }

  /// The three numbers with points between, without leading zeros.
  public var description: String { "\(major).\(minor).\(patch)" }

  /// Compares number by number.
  public static func < (left: ImageVersion, right: ImageVersion) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }
}
