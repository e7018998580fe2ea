/// Writes a document, a tag at a time.
struct XMLWriter {
  private(set) var text = ""
  /// A character of a text or an attribute that XML 1.0 can't carry (its section 2.2), by reference
  /// or otherwise: where there is one, what was written is no document.
  private(set) var unsendable: Unicode.Scalar?

  /// Writes an element and, in it, what `content` writes.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:],
    _ content: (inout XMLWriter) -> Void
  ) {
    text += "<\(name)"
    for (name, value) in attributes {
      text += " \(name)=\""
      escape(value)
      text += "\""
    }
    text += ">"
    content(&self)
    text += "</\(name)>"
  }

  /// Writes an element that holds only text.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String
  ) {
    element(name, attributes) { $0.escape(text) }
  }

  /// Writes an element that holds bytes in base64, which needs no escapes.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], base64: String
  ) {
    element(name, attributes) { $0.text += base64 }
  }

  /// Writes an element that holds nothing.
  mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:]) {
    element(name, attributes) { _ in }
  }

  /// Writes text with XML's own characters as references; line ends too, since a reader may change
  /// bare ones (2.11).
  private mutating func escape(_ value: String) {
    for scalar in value.unicodeScalars {
      switch scalar {
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "&": text += "&amp;"
      case "\"": text += "&quot;"
      case "\t", "\n", "\r": text += "&#\(scalar.value);"
      case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": unsendable = scalar
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
