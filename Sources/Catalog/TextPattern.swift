/// Text with named parts in braces: `{name}` is a word of letters, digits, `.`, `_` and `-`;
/// `{name:8}` is eight digits, `{name:n}` any number of them.
struct TextPattern: Sendable, Equatable {
  /// The pattern as it is written.
  let text: String
  /// The names of its parts.
  let names: [String]
  /// The text with the names alone in the braces.
  private let plain: String
  private let expression: String

  /// Reads a pattern.
  /// - Throws: ``BadPattern`` with what is wrong.
  init(_ text: String) throws(BadPattern) {
    self.text = text
    var names: [String] = []
    var plain = ""
    var expression = ""
    var rest = text[...]
    while let character = rest.first {
      guard character == "{" else {
        expression += #".[](){}*+?^$|/\"#.contains(character) ? "\\\(character)" : "\(character)"
        plain.append(rest.removeFirst())
        continue
      }
      guard let end = rest.firstIndex(of: "}") else {
        throw BadPattern(why: "the `{` has no `}`")
      }
      let inner = rest[rest.index(after: rest.startIndex)..<end]
        .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let name = inner.first.map(String.init) ?? ""
      guard Self.isName(name), !names.contains(name) else {
        throw BadPattern(why: "`{\(name)}` needs a name of its own, of letters")
      }
      names.append(name)
      plain += "{\(name)}"
      expression += "(?<\(name)>\(try Self.piece(inner.count > 1 ? String(inner[1]) : "")))"
      rest = rest[rest.index(after: end)...]
    }
    (self.names, self.plain, self.expression) = (names, plain, expression)
  }

  /// The parts of a text that has this form from beginning to end.
  func parts(ofWhole text: String) -> [String: String]? {
    guard let regex = try? Regex(expression), let match = text.wholeMatch(of: regex) else {
      return nil
    }
    return parts(of: match)
  }

  /// The parts of the first place in a text that has this form.
  func parts(firstIn text: String) -> [String: String]? {
    guard let regex = try? Regex(expression), let match = text.firstMatch(of: regex) else {
      return nil
    }
    return parts(of: match)
  }

  /// The text whose parts these are; `nil` where one is missing or doesn't fit.
  func filled(with parts: [String: String]) -> String? {
    let filled = Self.fill(plain, with: parts)
    return self.parts(ofWhole: filled) == parts ? filled : nil
  }

  /// Puts the parts in place of their names in braces.
  static func fill(_ template: String, with parts: [String: String]) -> String {
    parts.reduce(template) { $0.replacing("{\($1.key)}", with: $1.value) }
  }

  private static let mostDigits = 20

  private func parts(of match: Regex<AnyRegexOutput>.Match) -> [String: String] {
    var parts: [String: String] = [:]
    for name in names { parts[name] = match.output[name]?.substring.map(String.init) }
    return parts
  }

  private static func piece(_ size: String) throws(BadPattern) -> String {
    switch size {
    case "": return "[A-Za-z0-9._-]+"
    case "n": return "[0-9]+"
    default:
      guard let count = Int(size), 1...mostDigits ~= count else {
        throw BadPattern(why: "`\(size)` is no number of digits: it is 1 to \(mostDigits), or `n`")
      }
      return "[0-9]{\(count)}"
    }
  }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.allSatisfy { $0.isASCII && $0.isLetter }
  }
}

/// A pattern that can't be read.
struct BadPattern: Error {
  let why: String
}
