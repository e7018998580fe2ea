/// Reads the numbers and strings of SSH's binary form (RFC 4251, section 5).
struct ByteReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: some Sequence<UInt8>) { rest = ArraySlice(bytes) }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func number() -> UInt32? {
    guard let bytes = take(4) else { return nil }
    return bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  mutating func bytes() -> [UInt8]? {
    guard let count = number(), let bytes = take(Int(count)) else { return nil }
    return Array(bytes)
  }

  mutating func text() -> String? {
    guard let bytes = bytes() else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}

/// Writes the numbers and strings of SSH's binary form.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ byte: UInt8) { bytes.append(byte) }

  mutating func add(_ number: UInt32) {
    for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  mutating func add(_ string: some Collection<UInt8>) {
    add(UInt32(string.count))
    bytes += string
  }

  mutating func add(_ text: String) { add(Array(text.utf8)) }
}
