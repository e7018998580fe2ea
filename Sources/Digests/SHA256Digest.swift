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
    guard let bytes = Hexadecimal.bytes(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// The checksum as 64 lower-case hexadecimal digits.
  public var hex: String { Hexadecimal.text(bytes) }
}

extension SHA256Digest: CustomStringConvertible {
  /// The same text as ``hex``.
  public var description: String { hex }
}
