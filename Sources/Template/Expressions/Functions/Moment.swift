/// A point in time in UTC, to the ten-millionth of a second, in the years 1 to 9999.
struct Moment: Hashable, Sendable {
  /// Whole seconds since 1970.
  let seconds: Int

  /// Ten-millionths of a second beyond them.
  let ticks: Int

  /// The beginning of 1970.
  static let epoch = Moment(whole: 0)

  private init(whole seconds: Int) {
    (self.seconds, ticks) = (seconds, 0)
  }

  private static let first = -62_135_596_800
  private static let last = 253_402_300_799

  /// A number of seconds since 1970; `nil` outside the years 1 to 9999.
  init?(seconds: Int, ticks: Int = 0) {
    guard Self.first...Self.last ~= seconds else { return nil }
    self.seconds = seconds
    self.ticks = ticks
  }

  /// Reads a time of ISO 8601, with or without hyphens and colons; without an offset it is UTC.
  init?(iso text: String) {
    var reader = DigitReader(text)
    guard let year = reader.digits(4) else { return nil }
    reader.skip("-")
    guard let month = reader.digits(2) else { return nil }
    reader.skip("-")
    guard let day = reader.digits(2), 1...12 ~= month, 1...9999 ~= year,
      1...Calendar.days(inMonth: month, of: year) ~= day
    else { return nil }
    var (hour, minute, second, ticks, offset) = (0, 0, 0, 0, 0)
    if reader.skip("T") || reader.skip("t") || reader.skip(" ") {
      guard let hours = reader.digits(2), hours < 24 else { return nil }
      reader.skip(":")
      guard let minutes = reader.digits(2), minutes < 60 else { return nil }
      (hour, minute) = (hours, minutes)
      reader.skip(":")
      if let seconds = reader.digits(2) {
        guard seconds < 60 else { return nil }
        second = seconds
      }
      if reader.skip(".") {
        guard let fraction = reader.fraction() else { return nil }
        ticks = fraction
      }
      guard let found = reader.offset() else { return nil }
      offset = found
    }
    guard reader.isAtEnd else { return nil }
    let days = Calendar.days(year: year, month: month, day: day)
    self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset, ticks: ticks)
  }

  /// The time a duration later; `nil` outside the years 1 to 9999.
  func adding(_ duration: ISODuration) -> Moment? {
    let date = date
    let months = date.year * 12 + date.month - 1 + duration.months
    guard 12..<120_000 ~= months else { return nil }
    let (year, month) = (months / 12, months % 12 + 1)
    let day = min(date.day, Calendar.days(inMonth: month, of: year))
    let days = Calendar.days(year: year, month: month, day: day)
    let time = seconds - Calendar.dayNumber(seconds) * 86_400
    return Moment(seconds: days * 86_400 + time + duration.seconds, ticks: ticks)
  }

  /// The day of the calendar.
  var date: (year: Int, month: Int, day: Int) {
    Calendar.date(dayNumber: Calendar.dayNumber(seconds))
  }

  /// Seconds since midnight.
  var timeOfDay: Int { seconds - Calendar.dayNumber(seconds) * 86_400 }

  /// The day of the week, from 0 for Sunday.
  var weekday: Int { (Calendar.dayNumber(seconds) % 7 + 11) % 7 }
}

/// A duration of ISO 8601: `P1Y2M3DT4H5M6S`, with a sign before it.
struct ISODuration: Hashable, Sendable {
  let months: Int
  let seconds: Int

  /// The largest number that a part may have: more leads out of the calendar in any case.
  private static let largest = 4_000_000_000

  init?(_ text: String) {
    var rest = text[...]
    let sign = rest.first == "-" ? -1 : 1
    if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
    guard rest.popFirst() == "P", !rest.isEmpty else { return nil }
    var (months, seconds) = (0, 0)
    var units: [Character: (months: Int, seconds: Int)] = [
      "Y": (12, 0), "M": (1, 0), "W": (0, 604_800), "D": (0, 86_400),
    ]
    while let character = rest.first {
      if character == "T" {
        units = ["H": (0, 3600), "M": (0, 60), "S": (0, 1)]
        rest.removeFirst()
        guard !rest.isEmpty else { return nil }
        continue
      }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest.removeFirst(digits.count)
      guard let count = Int(digits), count <= Self.largest, let unit = rest.popFirst(),
        let (unitMonths, unitSeconds) = units.removeValue(forKey: unit)
      else { return nil }
      months += count * unitMonths
      seconds += count * unitSeconds
    }
    (self.months, self.seconds) = (sign * months, sign * seconds)
  }
}

/// The Gregorian calendar, by days since 1970.
enum Calendar {
  static func dayNumber(_ seconds: Int) -> Int {
    (seconds - (seconds % 86_400 + 86_400) % 86_400) / 86_400
  }

  static func days(inMonth month: Int, of year: Int) -> Int {
    let isLeap = year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    return switch month {
    case 2: isLeap ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  static func days(year: Int, month: Int, day: Int) -> Int {
    // Years that begin in March have their leap day at the end.
    let shifted = month > 2 ? year : year - 1
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func date(dayNumber: Int) -> (year: Int, month: Int, day: Int) {
    let days = dayNumber + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1
    )
  }
}

/// Takes digits and marks from the front of a text.
struct DigitReader {
  private var rest: Substring

  init(_ text: String) { rest = text[...] }

  var isAtEnd: Bool { rest.isEmpty }

  /// Exactly `count` digits, as a number.
  mutating func digits(_ count: Int) -> Int? {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
      return nil
    }
    rest.removeFirst(count)
    return Int(digits)
  }

  @discardableResult
  mutating func skip(_ mark: Character) -> Bool {
    guard rest.first == mark else { return false }
    rest.removeFirst()
    return true
  }

  /// The digits of a fraction, in ten-millionths.
  mutating func fraction() -> Int? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    rest.removeFirst(digits.count)
    let seven = digits.prefix(7)
    return digits.isEmpty ? nil : Int(seven + String(repeating: "0", count: 7 - seven.count))
  }

  /// Seconds of an offset: `Z`, `+02:00`, `-0500`; none is UTC.
  mutating func offset() -> Int? {
    if rest.isEmpty || skip("Z") || skip("z") { return 0 }
    let sign = rest.first == "-" ? -1 : 1
    guard skip("+") || skip("-"), let hours = digits(2) else { return nil }
    skip(":")
    return sign * (hours * 3600 + (digits(2) ?? 0) * 60)
  }
}
