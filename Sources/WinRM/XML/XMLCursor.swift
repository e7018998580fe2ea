/// A place in the bytes of a document, and the smallest parts that can be read from there.
struct XMLCursor {
  /// The longest name, in bytes.
  private static let nameLimit = 256

  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }

  func error(_ reason: String) -> XMLError { XMLError(reason: reason, offset: position) }

  func isAt(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { bytes[position...].starts(with: $0) }
  }

  /// Goes past `text` where it stands here.
  @discardableResult mutating func skip(_ text: StaticString) -> Bool {
    guard isAt(text) else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  /// Goes past white space; `false` where there was none.
  @discardableResult mutating func skipBlanks() -> Bool {
    let start = position
    while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
    return position > start
  }

  /// The bytes up to `end`, and past that.
  mutating func upTo(_ end: StaticString) throws(XMLError) -> ArraySlice<UInt8> {
    let start = position
    while position < bytes.count {
      if isAt(end) {
        let found = bytes[start..<position]
        position += end.utf8CodeUnitCount
        return found
      }
      position += 1
    }
    position = start
    throw error("no \(end) follows")
  }

  /// A name, with its prefix.
  mutating func name() throws(XMLError) -> String {
    let start = position
    while position < bytes.count, Self.isInName(bytes[position]) { position += 1 }
    guard position > start, position - start <= Self.nameLimit else {
      position = start
      throw error("no name")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private static func isInName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: ":"), 0x80...:
      true
    default: false
    }
  }

  /// Text with its references resolved, up to the byte `end` or the end of the document.
  mutating func text(upTo end: UInt8) throws(XMLError) -> String {
    var text = ""
    while true {
      let start = position
      while position < bytes.count, bytes[position] != end, bytes[position] != UInt8(ascii: "&"),
        bytes[position] != UInt8(ascii: "<")
      {
        position += 1
      }
      text += String(decoding: bytes[start..<position], as: UTF8.self)
      guard skip(UInt8(ascii: "&")) else { break }
      text.unicodeScalars.append(try reference())
    }
    guard isAtEnd || bytes[position] == end else { throw error("a < in a value") }
    return text
  }

  /// What stands between `&` and `;`: one of XML's five names, or a number.
  private mutating func reference() throws(XMLError) -> Unicode.Scalar {
    let start = position
    // The longest is #x10FFFF.
    while position < bytes.count, position - start < 9, bytes[position] != UInt8(ascii: ";") {
      position += 1
    }
    let name = String(decoding: bytes[start..<position], as: UTF8.self)
    guard skip(UInt8(ascii: ";")), let scalar = Self.scalar(name) else {
      position = start
      throw error("an entity that XML itself does not have")
    }
    return scalar
  }

  private static func scalar(_ name: String) -> Unicode.Scalar? {
    switch name {
    case "lt": return "<"
    case "gt": return ">"
    case "amp": return "&"
    case "quot": return "\""
    case "apos": return "'"
    default: break
    }
    let isHex = name.hasPrefix("#x")
    let digits = name.dropFirst(isHex ? 2 : 1)
    guard name.hasPrefix("#"), digits.utf8.first != UInt8(ascii: "+"),
      let value = UInt32(digits, radix: isHex ? 16 : 10), value != 0
    else { return nil }
    return Unicode.Scalar(value)
  }
}
