/// A length of time as Go writes it, and so the document: `5m`, `1h30m`, `1.5h`, `300ms`.
public struct GoDuration: Hashable, Sendable {
  /// The length of time; never negative.
  public let duration: Duration

  /// Wraps a length of time.
  public init(_ duration: Duration) {
    self.duration = max(duration, .zero)
  }

  /// Reads `text` by the grammar of Go's `time.ParseDuration`, without a minus sign: numbers with
  /// a unit each (`ns`, `us`, `ms`, `s`, `m`, `h`), or `0`.
  ///
  /// `nil` for anything else, and for more than Go holds (about 292 years).
  public init?(_ text: String) {
    var rest = Substring(text)
    if rest.first == "+" { rest.removeFirst() }
    if rest == "0" {
      self.init(.zero)
      return
    }
    var total: Double = 0
    var parts = 0
    while !rest.isEmpty {
      let number = rest.prefix { $0 == "." || ("0"..."9" ~= $0 && $0.isASCII) }
      rest.removeFirst(number.count)
      let unit = rest.prefix { $0 != "." && !("0"..."9" ~= $0) }
      rest.removeFirst(unit.count)
      guard let nanoseconds = Self.units[String(unit)], let count = Self.decimal(number) else {
        return nil
      }
      total += count * nanoseconds
      parts += 1
    }
    guard parts > 0, total < Double(Int64.max) else { return nil }
    self.init(.nanoseconds(Int64(total.rounded())))
  }

  /// The nanoseconds in each of Go's units.
  private static let units: [String: Double] = [
    "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
  ]

  private static func decimal(_ text: Substring) -> Double? {
    // Go takes `1.` and `.5`, but no lone point.
    guard text.contains(where: \.isNumber), text.count(where: { $0 == "." }) <= 1 else {
      return nil
    }
    return Double(text.contains(".") ? "0\(text)0" : String(text))
  }
}

extension GoDuration: CustomStringConvertible {
  /// The length of time as Go prints it: `5m0s`, `1h30m0s`, `1.5s`, `300ms`.
  public var description: String {
    let (seconds, attoseconds) = duration.components
    let nanoseconds = attoseconds / 1_000_000_000
    if seconds == 0, nanoseconds > 0 {
      let (unit, size): (String, Int64) =
        nanoseconds >= 1_000_000
        ? ("ms", 1_000_000) : nanoseconds >= 1000 ? ("µs", 1000) : ("ns", 1)
      return Self.fraction(nanoseconds, of: size) + unit
    }
    let hours = seconds >= 3600 ? "\(seconds / 3600)h" : ""
    let minutes = seconds >= 60 ? "\(seconds / 60 % 60)m" : ""
    let rest = (seconds % 60) * 1_000_000_000 + nanoseconds
    return "\(hours)\(minutes)\(Self.fraction(rest, of: 1_000_000_000))s"
  }

  /// `value / size` as a decimal number without trailing zeros.
  private static func fraction(_ value: Int64, of size: Int64) -> String {
    guard value % size != 0 else { return "\(value / size)" }
    var digits = String(value % size + size).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(value / size).\(digits)"
  }
}
