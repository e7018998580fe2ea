/// Makes bytes from outside harmless and legible: text stays, what could steer a terminal is shown.
///
/// Bytes that are not UTF-8 become U+FFFD, control characters except the tab become `\x1B`, and
/// marks that change the direction of writing become `\u202E`.
public enum LegibleText {
  /// Adds the legible form of `bytes` to `text`.
  public static func append(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
    let plain = bytes.withUnsafeBufferPointer { bytes in
      bytes.allSatisfy { ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x09 }
    }
    if plain {
      text.append(contentsOf: bytes)
    } else {
      text.append(contentsOf: legible(String(decoding: bytes, as: UTF8.self)).utf8)
    }
  }

  /// The legible form of `text`.
  public static func legible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHostile) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isHostile(scalar) {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let width = scalar.value < 0x100 ? 2 : 4
        result += scalar.value < 0x100 ? "\\x" : "\\u"
        result += String(repeating: "0", count: max(0, width - digits.count)) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isHostile(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09: false
    case 0x00...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
