/// The base64 of RFC 4648, section 4.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      bits <<= UInt32(8 * (3 - group.count))
      for digit in 0..<4 {
        let index = Int(bits >> UInt32(18 - 6 * digit) & 63)
        text.append(digit <= group.count ? alphabet[index] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes that `text` stands for; `nil` for anything that is no base64.
  static func decode(_ text: String) -> [UInt8]? {
    let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
    let padding = text.utf8.dropFirst(digits.count)
    guard text.utf8.count.isMultiple(of: 4), padding.count <= 2,
      padding.allSatisfy({ $0 == UInt8(ascii: "=") })
    else { return nil }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count: UInt32 = 0
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

/// The percent-encoding of RFC 3986: all but its unreserved characters.
enum PercentCoding {
  private static let unreserved = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~".utf8)

  private static let digits = Array("0123456789ABCDEF".utf8)

  static func encode(_ text: String) -> String {
    var coded: [UInt8] = []
    for byte in text.utf8 {
      if unreserved.contains(byte) {
        coded.append(byte)
      } else {
        coded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: coded, as: UTF8.self)
  }

  /// The text that is meant; what is no escape stays as it is.
  static func decode(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var plain: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let value = UInt8(
          String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        plain.append(value)
        index += 3
      } else {
        plain.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }
}

/// References as RFC 3986, section 5, resolves them.
enum URIReference {
  /// `reference` as seen from `base`; `nil` where `base` is no absolute address.
  static func resolve(_ reference: String, against base: String) -> String? {
    if scheme(of: reference) != nil { return reference }
    guard let scheme = scheme(of: base) else { return nil }
    let (authority, path) = split(base.dropFirst(scheme.count + 1))
    let root = "\(scheme):\(authority)"
    if reference.hasPrefix("//") { return "\(scheme):\(reference)" }
    let pathOnly = path.prefix { $0 != "?" && $0 != "#" }
    if reference.isEmpty { return root + (pathOnly.isEmpty ? "/" : String(pathOnly)) }
    let (target, rest) = (
      reference.prefix { $0 != "?" && $0 != "#" },
      reference.drop { $0 != "?" && $0 != "#" }
    )
    if target.isEmpty { return root + pathOnly + rest }
    if target.hasPrefix("/") { return root + withoutDots(String(target)) + rest }
    let directory = pathOnly.lastIndex(of: "/").map { pathOnly[...$0] } ?? "/"
    return root + withoutDots(directory + String(target)) + rest
  }

  /// The scheme of an absolute address: a letter, then letters, digits, `+`, `-` and `.`, then `:`.
  static func scheme(of text: String) -> String? {
    guard let colon = text.firstIndex(of: ":"), text.first?.isLetter == true else { return nil }
    let scheme = text[..<colon]
    let holds = scheme.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0))
    }
    return holds ? String(scheme) : nil
  }

  /// `//host` and what follows it.
  private static func split(_ text: Substring) -> (authority: String, path: Substring) {
    guard text.hasPrefix("//") else { return ("", text) }
    let end = text.dropFirst(2).firstIndex { "/?#".contains($0) } ?? text.endIndex
    return (String(text[..<end]), text[end...])
  }

  /// A path without `.` and `..` (section 5.2.4).
  private static func withoutDots(_ path: String) -> String {
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".", "..":
        if segment == "..", !kept.isEmpty { kept.removeLast() }
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return "/" + kept.joined(separator: "/")
  }
}
