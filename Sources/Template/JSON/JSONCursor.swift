/// Walks over the bytes of a text and knows the line and column it has reached.
package struct JSONCursor {
  private let bytes: [UInt8]
  private(set) var offset: Int
  package private(set) var position = SourcePosition.start

  /// Starts at the first byte of a valid UTF-8 text, or after its byte order mark.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    offset = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
  }

  /// The byte that comes next; `nil` at the end.
  package var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  /// The byte after the next one.
  package var afterNext: UInt8? { offset + 1 < bytes.count ? bytes[offset + 1] : nil }

  /// Steps over one byte.
  package mutating func advance() {
    guard offset < bytes.count else { return }
    let byte = bytes[offset]
    offset += 1
    if byte == newline {
      position = SourcePosition(line: position.line + 1, column: 1)
    } else if offset == bytes.count || bytes[offset] & 0xC0 != 0x80 {
      // A scalar ends where the next byte does not continue it.
      position = SourcePosition(line: position.line, column: position.column + 1)
    }
  }

  /// Steps over the bytes that `holds` accepts, and returns them.
  package mutating func take(while holds: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let first = offset
    while let byte = next, holds(byte) { advance() }
    return bytes[first..<offset]
  }

  /// The bytes of the scalar that comes next, as text, for messages.
  package var nextCharacter: String {
    guard offset < bytes.count else { return "the end of the file" }
    let rest = bytes[(offset + 1)...].prefix(3).prefix { $0 & 0xC0 == 0x80 }
    return quoted(String(decoding: [bytes[offset]] + rest, as: UTF8.self))
  }
}

let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
let newline = UInt8(ascii: "\n")
