/// A SHA-512 checksum: 64 bytes, written as 128 hexadecimal digits.
public struct SHA512Digest: Hashable, Sendable {
  /// The 64 bytes of the checksum, first byte first.
  public let bytes: [UInt8]

  /// Wraps the raw bytes of a checksum; `nil` unless there are exactly 64.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 64 else { return nil }
    self.bytes = bytes
  }

  /// Reads 128 hexadecimal digits in upper or lower case, as `SHA512SUMS` has them; `nil` for
  /// anything else.
  public init?(hex: some StringProtocol) {
    guard let bytes = Hexadecimal.bytes(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// The checksum as 128 lower-case hexadecimal digits.
  public var hex: String { Hexadecimal.text(bytes) }
}

extension SHA512Digest: CustomStringConvertible {
  /// The same text as ``hex``.
  public var description: String { hex }
}
