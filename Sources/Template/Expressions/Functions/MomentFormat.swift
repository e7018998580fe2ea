extension Moment {
  /// The time as .NET's format strings write it, in its invariant culture.
  func text(
    _ format: String, failure: (String) -> ExpressionFailure
  ) throws(ExpressionFailure) -> String {
    var pattern = format
    if format.count == 1 {
      guard let standard = Self.standards[format] else {
        throw failure("\(quoted(format)) is no format for a time that is known here")
      }
      pattern = standard
    } else if format.hasPrefix("%") {
      // A single letter as a pattern of its own has `%` before it.
      pattern = String(format.dropFirst())
    }
    return try shown(pattern, failure)
  }

  private static let standards = [
    "d": "MM/dd/yyyy", "D": "dddd, dd MMMM yyyy", "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss", "g": "MM/dd/yyyy HH:mm", "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd", "M": "MMMM dd", "o": "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'",
    "O": "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "s": "yyyy-MM-dd'T'HH:mm:ss", "t": "HH:mm",
    "T": "HH:mm:ss", "u": "yyyy-MM-dd HH:mm:ss'Z'", "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM", "Y": "yyyy MMMM",
  ]

  private func shown(
    _ pattern: String, _ failure: (String) -> ExpressionFailure
  ) throws(ExpressionFailure) -> String {
    var text = ""
    var rest = Array(pattern)[...]
    while let letter = rest.first {
      switch letter {
      case "'", "\"":
        rest.removeFirst()
        guard let end = rest.firstIndex(of: letter) else {
          throw failure("the format \(quoted(pattern)) has a quote without its end")
        }
        text += String(rest[..<end])
        rest = rest[(end + 1)...]
      case "\\":
        text += String(rest.dropFirst().prefix(1))
        rest = rest.dropFirst(2)
      default:
        let run = rest.prefix { $0 == letter }
        rest = rest.dropFirst(run.count)
        text += field(letter, run.count)
      }
    }
    return text
  }

  private func field(_ letter: Character, _ count: Int) -> String {
    let date = date
    let time = timeOfDay
    return switch letter {
    case "y": count == 2 ? padded(date.year % 100, 2) : padded(date.year, count)
    case "M": count > 2 ? name(Self.months[date.month - 1], count) : padded(date.month, count)
    case "d": count > 2 ? name(Self.weekdays[weekday], count) : padded(date.day, count)
    case "H": padded(time / 3600, min(count, 2))
    case "h": padded((time / 3600 + 11) % 12 + 1, min(count, 2))
    case "m": padded(time % 3600 / 60, min(count, 2))
    case "s": padded(time % 60, min(count, 2))
    case "f": String(padded(ticks, 7).prefix(min(count, 7)))
    case "F": String(padded(ticks, 7).prefix(min(count, 7))).trimmingZeros
    case "t": String((time < 43_200 ? "AM" : "PM").prefix(count))
    case "K": "Z"
    case "z": count > 2 ? "+00:00" : "+" + padded(0, count)
    default: String(repeating: letter, count: count)
    }
  }

  private func padded(_ number: Int, _ count: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }

  private func name(_ name: String, _ count: Int) -> String {
    count == 3 ? String(name.prefix(3)) : name
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]

  private static let weekdays = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]
}

extension String {
  fileprivate var trimmingZeros: String {
    var text = self
    while text.last == "0" { text.removeLast() }
    return text
  }
}
