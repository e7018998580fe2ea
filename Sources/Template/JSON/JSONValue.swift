/// A JSON value that remembers where it stands in its text.
package struct JSONValue: Hashable, Sendable {
  /// What the value holds.
  package enum Content: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number as it is written: nothing is lost to a conversion that nobody asked for.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// The members in the order of the text, each key once.
    case object([JSONMember])
  }

  /// What the value holds.
  package let content: Content

  /// Where its first character stands.
  package let position: SourcePosition
}

/// A key of a JSON object, and its value.
package struct JSONMember: Hashable, Sendable {
  package let key: String

  /// Where the key's opening quote stands.
  package let keyPosition: SourcePosition

  package let value: JSONValue
}

extension JSONValue {
  /// The value as a message names it: `the number 5`, `an object`.
  package var spoken: String {
    switch content {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let text): "the number \(quoted(text))"
    case .string(let text): "the string \(quoted(text))"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The value of the last member with this exact key, if this is an object that has it.
  package func member(_ key: String) -> JSONMember? {
    guard case .object(let members) = content else { return nil }
    return members.last { $0.key == key }
  }
}

/// A value as a message shows it: between backquotes, without control characters, cut at 80
/// characters, and without a URL's query, which may hold a signature.
package func quoted(_ text: String) -> String {
  var shown = withoutQuery(beginning(of: text))
  if shown.count > 80 || shown.utf8.count < text.utf8.count && !shown.hasSuffix("?…") {
    shown = shown.prefix(79) + "…"
  }
  return "`\(printable(shown))`"
}

/// As much of a text as a message may show: what follows need not even be counted.
func beginning(of text: String) -> String {
  let most = 400
  guard text.utf8.count > most else { return text }
  return String(text.unicodeScalars.prefix(most))
}

/// A text without characters that act on a terminal: they are shown as escapes.
package func printable(_ text: String) -> String {
  let characters = text.unicodeScalars.map { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
    default: String(scalar)
    }
  }
  return characters.joined()
}
