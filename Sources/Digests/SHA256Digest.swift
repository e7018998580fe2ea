/// A SHA-256 checksum: 32 bytes, written as 64 hexadecimal digits.
public struct SHA256Digest: Hashable, Sendable {
  /// The 32 bytes of the checksum, first byte first.
  public let bytes: [UInt8]

  /// Wraps the raw bytes of a checksum; `nil` unless there are exactly 32.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// Reads 64 hexadecimal digits in upper or lower case, as templates and `Get-FileHash` write
  /// them (`aib.md` c.7); `nil` for anything else.
  public init?(hex: some StringProtocol) {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in hex.utf8 {
      guard let nibble = Self.nibble(character) else { return nil }
      if let first = high {
        bytes.append(first << 4 | nibble)
        high = nil
      } else {
        high = nibble
      }
    }
    guard high == nil else { return nil }
    self.init(bytes: bytes)
  }

  /// The checksum as 64 lower-case hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func nibble(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension SHA256Digest: CustomStringConvertible {
  /// The same text as ``hex``.
  public var description: String { hex }
}
