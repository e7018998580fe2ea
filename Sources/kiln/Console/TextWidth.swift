/// How wide text is on a terminal, in columns.
enum TextWidth {
  /// The columns that `text` takes.
  static func of(_ text: some StringProtocol) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.reduce(0) { $0 + of($1) }
  }

  /// `text`, cut to `columns` with a mark where something is missing.
  static func cut(_ text: String, to columns: Int) -> String {
    guard text.utf8.count > columns, of(text) > columns else { return text }
    guard columns > 0 else { return "" }
    var kept = ""
    var width = 0
    for character in text {
      let next = width + of(character)
      guard next < columns else { break }
      kept.append(character)
      width = next
    }
    return kept + "…"
  }

  /// `text` with spaces behind it, `columns` wide.
  static func padded(_ text: String, to columns: Int) -> String {
    text + String(repeating: " ", count: max(0, columns - of(text)))
  }

  private static func of(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    // The ranges that Unicode's East Asian Width calls wide, and the emoji.
    switch scalar.value {
    case 0x09: return 8
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default:
      let isMark = scalar.properties.generalCategory == .nonspacingMark
      return isMark || scalar.properties.generalCategory == .format ? 0 : 1
    }
  }
}
