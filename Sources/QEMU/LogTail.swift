internal import Glibc

/// The end of a log file.
struct LogTail {
  /// No more than this many bytes from the end are looked at.
  static let reach = 256 << 10

  let path: String

  /// The last lines, legible on a terminal; none where there is no file.
  func lines(_ count: Int) -> [String] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, count > 0 else { return [] }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    let start = max(0, size - Self.reach)
    var bytes = [UInt8](repeating: 0, count: max(0, size - start))
    let read = max(0, pread(descriptor, &bytes, bytes.count, start))
    let text = String(decoding: bytes[..<read], as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).map { legible($0) }.filter { !$0.isEmpty }
      .suffix(count)
  }
}

/// A line without terminal sequences, and with what else can't be printed in caret form (`^G`).
func legible(_ line: some StringProtocol) -> String {
  var result = ""
  var rest = Substring(line).unicodeScalars
  while let scalar = rest.popFirst() {
    switch scalar.value {
    case 0x1b: dropSequence(&rest)
    case 0x09: result.unicodeScalars.append(scalar)
    case 0x08: if !result.isEmpty { result.removeLast() }
    case 0x00: break
    case ..<0x20: result += "^" + String(UnicodeScalar(UInt8(scalar.value) + 0x40))
    case 0x7f: result += "^?"
    case 0x80..<0xa0: result += "\u{fffd}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Drops the rest of a terminal sequence after its escape character (ECMA-48, section 5).
private func dropSequence(_ rest: inout Substring.UnicodeScalarView) {
  guard let kind = rest.popFirst() else { return }
  switch kind {
  case "[":
    // CSI: parameters, then one final byte.
    while let scalar = rest.popFirst(), !(0x40...0x7e).contains(scalar.value) {}
  case "]", "P", "X", "^", "_":
    // A string, up to BEL or ESC \.
    while let scalar = rest.popFirst(), scalar.value != 0x07 {
      if scalar.value == 0x1b {
        _ = rest.popFirst()
        break
      }
    }
  case " "..."/": _ = rest.popFirst()
  default: break
  }
}
