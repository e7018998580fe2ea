/// What `guid` makes of a text: the UUID version 5 of RFC 4122 in the namespace that the service
/// has for it.
func nameBasedGUID(_ name: String) -> String {
  let namespace: [UInt8] = [
    0x11, 0xFB, 0x06, 0xFB, 0x71, 0x2D, 0x4D, 0xDD, 0x98, 0xC7, 0xE7, 0x1B, 0xBD, 0x58, 0x88, 0x30,
  ]
  var bytes = Array(sha1(namespace + Array(name.utf8)).prefix(16))
  bytes[6] = bytes[6] & 0x0F | 0x50
  bytes[8] = bytes[8] & 0x3F | 0x80
  return guidText(bytes)
}

/// Sixteen bytes as a GUID is written.
func guidText(_ bytes: [UInt8]) -> String {
  let digits = bytes.map { byte in
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
  let ends = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16]
  return ends.map { digits[$0].joined() }.joined(separator: "-")
}

/// SHA-1 (RFC 3174): names need it, nothing that must be safe does.
private func sha1(_ message: [UInt8]) -> [UInt8] {
  var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
  var padded = message + [0x80]
  while padded.count % 64 != 56 { padded.append(0) }
  let bits = UInt64(message.count) * 8
  padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
  var words = [UInt32](repeating: 0, count: 80)
  for block in stride(from: 0, to: padded.count, by: 64) {
    for index in 0..<80 {
      if index < 16 {
        let start = block + 4 * index
        words[index] = padded[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) }
      } else {
        words[index] = rotated(
          words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], by: 1)
      }
    }
    mix(words, into: &state)
  }
  return state.flatMap { word in
    (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) }
  }
}

private func mix(_ words: [UInt32], into state: inout [UInt32]) {
  var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
  for index in 0..<80 {
    let (choice, constant): (UInt32, UInt32) =
      switch index {
      case ..<20: (b & c | ~b & d, 0x5A82_7999)
      case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
      case ..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
      default: (b ^ c ^ d, 0xCA62_C1D6)
      }
    let next = rotated(a, by: 5) &+ choice &+ e &+ constant &+ words[index]
    (a, b, c, d, e) = (next, a, rotated(b, by: 30), c, d)
  }
  for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
}

private func rotated(_ word: UInt32, by count: UInt32) -> UInt32 {
  word << count | word >> (32 - count)
}

/// What `uniqueString` makes of a text: a 64-bit Murmur hash with the service's own constants, in
/// 13 digits of base 32.
func uniqueString(_ text: String) -> String {
  let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
  var hash = serviceHash(Array(text.utf8))
  var digits = ""
  for _ in 0..<13 {
    digits.append(alphabet[Int(hash >> 59)])
    hash <<= 5
  }
  return digits
}

private func serviceHash(_ bytes: [UInt8]) -> UInt64 {
  let (first, second) = (UInt32(0x239B_961B), UInt32(0xAB0E_9789))
  var (low, high) = (UInt32(0), UInt32(0))
  var rest = bytes[...]
  while rest.count >= 8 {
    low ^= rotated(word(rest.prefix(4)) &* first, by: 15) &* second
    low = (rotated(low, by: 19) &+ high) &* 5 &+ 0x561C_CD1B
    high ^= rotated(word(rest.dropFirst(4).prefix(4)) &* second, by: 17) &* first
    high = (rotated(high, by: 13) &+ low) &* 5 &+ 0x0BCA_A747
    rest = rest.dropFirst(8)
  }
  if !rest.isEmpty { low ^= rotated(word(rest.prefix(4)) &* first, by: 15) &* second }
  if rest.count > 4 { high ^= rotated(word(rest.dropFirst(4)) &* second, by: 17) &* first }
  let length = UInt32(truncatingIfNeeded: bytes.count)
  high ^= length
  low = (low ^ length) &+ high
  high &+= low
  low = finished(low)
  high = finished(high)
  low &+= high
  high &+= low
  return UInt64(high) << 32 | UInt64(low)
}

/// Up to four bytes, the first one lowest.
private func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
}

private func finished(_ half: UInt32) -> UInt32 {
  var half = (half ^ half >> 16) &* 0x85EB_CA6B
  half = (half ^ half >> 13) &* 0xC2B2_AE35
  return half ^ half >> 16
}
