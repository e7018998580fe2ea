/// Numbers as .NET's format strings write them, in its invariant culture.
enum NumberFormat {
  /// The most digits that a format may ask for.
  private static let mostDigits = 99

  /// The number as `format` has it; `nil` for a format that is not known.
  static func text(of number: Double, whole: Int?, as format: String) -> String? {
    if let standard = format.first, standard.isLetter, let digits = precision(format) {
      return text(of: number, whole, standard, digits)
    }
    return pattern(number, format)
  }

  /// The digits after the letter: `nil` for something else, -1 for none.
  private static func precision(_ format: String) -> Int? {
    let digits = format.dropFirst()
    if digits.isEmpty { return -1 }
    guard let value = Int(digits), 0...mostDigits ~= value else { return nil }
    return value
  }

  private static func text(
    of number: Double, _ whole: Int?, _ standard: Character, _ digits: Int
  ) -> String? {
    switch standard {
    case "D", "d":
      guard let whole else { return nil }
      return (whole < 0 ? "-" : "") + padded(String(whole.magnitude), to: digits)
    case "X", "x":
      guard let whole else { return nil }
      let text = String(UInt(bitPattern: whole), radix: 16, uppercase: standard == "X")
      return padded(text, to: digits)
    case "N", "n": return fixed(number, whole, max(digits, digits < 0 ? 2 : 0), grouped: .thousands)
    case "F", "f": return fixed(number, whole, max(digits, digits < 0 ? 2 : 0), grouped: .none)
    case "P", "p":
      return fixed(number * 100, nil, max(digits, digits < 0 ? 2 : 0), grouped: .thousands) + " %"
    case "G", "g": return whole.map(String.init) ?? ExpressionValue.written(number)
    default: return nil
    }
  }

  private enum Grouping { case none, thousands }

  /// The number with this many decimal places.
  private static func fixed(
    _ number: Double, _ whole: Int?, _ places: Int, grouped: Grouping
  ) -> String {
    let (sign, integral, fraction) = parts(of: number, whole, places)
    let digits = grouped == .thousands ? thousands(integral) : integral
    return sign + digits + (places > 0 ? "." + fraction : "")
  }

  private static func parts(
    of number: Double, _ whole: Int?, _ places: Int
  ) -> (sign: String, integral: String, fraction: String) {
    if let whole {
      return (
        whole < 0 ? "-" : "", String(whole.magnitude), String(repeating: "0", count: places)
      )
    }
    // Beyond fifteen places a double has no more digits.
    let exact = min(places, 15)
    var scale = 1.0
    for _ in 0..<exact { scale *= 10 }
    let scaled = (number.magnitude * scale).rounded(.toNearestOrAwayFromZero)
    guard scaled < 9e18 else { return (number < 0 ? "-" : "", "\(number.magnitude)", "") }
    let digits = padded(String(Int(scaled)), to: exact + 1)
    let fraction = digits.suffix(exact) + String(repeating: "0", count: places - exact)
    return (number < 0 && scaled > 0 ? "-" : "", String(digits.dropLast(exact)), String(fraction))
  }

  /// A pattern of `0`, `#`, `,` and `.`, with text around it.
  private static func pattern(_ number: Double, _ format: String) -> String? {
    let marks: Set<Character> = ["0", "#", ",", "."]
    guard let first = format.firstIndex(where: { marks.contains($0) }),
      let last = format.lastIndex(where: { marks.contains($0) })
    else { return format }
    let mask = format[first...last]
    guard mask.allSatisfy({ marks.contains($0) }), mask.count <= mostDigits else { return nil }
    let halves = mask.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let places = halves.count > 1 ? halves[1].count : 0
    let least = halves[0].drop { $0 == "#" || $0 == "," }.count { $0 == "0" || $0 == "#" }
    let (sign, integral, fraction) = parts(of: number, nil, places)
    let digits = integral == "0" && least == 0 ? "" : padded(integral, to: least)
    var decimals = fraction
    let optional = halves.count > 1 ? halves[1].reversed().prefix { $0 == "#" }.count : 0
    var dropped = 0
    while dropped < optional, decimals.last == "0" {
      decimals.removeLast()
      dropped += 1
    }
    let shown = halves[0].contains(",") ? thousands(digits) : digits
    let text = sign + shown + (decimals.isEmpty ? "" : "." + decimals)
    return format[..<first] + text + format[format.index(after: last)...]
  }

  private static func padded(_ digits: String, to count: Int) -> String {
    String(repeating: "0", count: max(0, count - digits.count)) + digits
  }

  private static func thousands(_ digits: String) -> String {
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }
}
