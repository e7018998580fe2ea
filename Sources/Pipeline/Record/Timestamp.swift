internal import Glibc

/// A moment in UTC to the nanosecond, written as AIB writes it: `2020-04-30T23:24:06.756985789Z`.
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Whole seconds since 1970-01-01T00:00:00Z.
  public let seconds: Int
  /// The rest, 0 to 999,999,999.
  public let nanoseconds: Int

  /// The moment that stands for "not yet" in AIB's answers: `0001-01-01T00:00:00Z`.
  public static let never = Timestamp(seconds: -62_135_596_800, nanoseconds: 0)

  /// The moment this many seconds and nanoseconds after 1970-01-01T00:00:00Z.
  public init(seconds: Int, nanoseconds: Int) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// The moment of the call, by the system's clock.
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
  }

  /// The time from `earlier` to this moment.
  public func since(_ earlier: Timestamp) -> Duration {
    .seconds(seconds - earlier.seconds) + .nanoseconds(nanoseconds - earlier.nanoseconds)
  }

  /// Earlier moments come first.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// Reads what ``description`` writes, with any number of decimals up to nine; `nil` otherwise.
  public init?(_ text: String) {
    let pattern = Array("0000-00-00T00:00:00".utf8)
    let bytes = Array(text.utf8)
    guard bytes.count > pattern.count, bytes.last == UInt8(ascii: "Z") else { return nil }
    for (byte, form) in zip(bytes, pattern) {
      guard form == UInt8(ascii: "0") ? Self.isDigit(byte) : byte == form else { return nil }
    }
    func number(_ range: Range<Int>) -> Int {
      bytes[range].reduce(0) { $0 * 10 + Int($1) - 48 }
    }
    let fraction = bytes[pattern.count...].dropLast()
    guard fraction.isEmpty || fraction.first == UInt8(ascii: "."), fraction.count <= 10,
      fraction.count != 1, fraction.dropFirst().allSatisfy(Self.isDigit)
    else { return nil }
    let padded = (fraction.dropFirst() + Array(repeating: 48, count: 9)).prefix(9)
    let days = Self.days(year: number(0..<4), month: number(5..<7), day: number(8..<10))
    seconds = days * 86_400 + number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19)
    nanoseconds = padded.reduce(0) { $0 * 10 + Int($1) - 48 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  /// Days from 1970-01-01, in the Gregorian calendar (years begin in March, eras have 400 years).
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let ofEra = year - era * 400
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }

  /// Year, month, day, hour, minute and second.
  var parts: [Int] {
    let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
    let rest = seconds - days * 86_400
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let shiftedMonth = (5 * ofYear + 2) / 153
    let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
    return [
      year + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * shiftedMonth + 2) / 5 + 1,
      rest / 3600, rest / 60 % 60, rest % 60,
    ]
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 with nine decimals, or none where they are all zero.
  public var description: String {
    let parts = parts
    let date = zip(parts[..<3], [4, 2, 2]).map { Self.padded($0, $1) }.joined(separator: "-")
    let time = parts[3...].map { Self.padded($0, 2) }.joined(separator: ":")
    return "\(date)T\(time)\(nanoseconds == 0 ? "" : "." + Self.padded(nanoseconds, 9))Z"
  }

  /// `number` with zeros in front, at least `width` digits long.
  static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension Timestamp: Codable {
  /// Reads an RFC 3339 text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let time = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "`\(text)` is no RFC 3339 time in UTC")
    }
    self = time
  }

  /// Writes an RFC 3339 text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
