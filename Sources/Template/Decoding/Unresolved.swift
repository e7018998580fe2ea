/// What a text still leaves open.
package enum Unresolved: Hashable {
  /// An ARM expression, `[parameters('x')]`: nothing evaluates it in a bare resource body.
  case expression
  /// Placeholders, `<rgName>`, as the service's tutorials have them filled in by `sed`.
  case placeholders([String])

  /// What `text` leaves open; `nil` for nothing.
  package init?(_ text: String) {
    if isExpression(text) {
      self = .expression
      return
    }
    let names = openNames(in: text)
    guard !names.isEmpty else { return nil }
    self = .placeholders(names)
  }
}

/// Whether `text` is an ARM expression: `[`, a function's name, `(` … `]`.
///
/// A test of the shell, `[ -f x ]`, and a type of PowerShell, `[string](…)[0]`, are none.
func isExpression(_ text: String) -> Bool {
  guard text.hasPrefix("["), text.hasSuffix("]") else { return false }
  let body = text.dropFirst().drop { $0 == " " }
  let name = body.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") }
  return !name.isEmpty && body.dropFirst(name.count).drop { $0 == " " }.first == "("
}

/// The `<name>`s in `text`, in order, each once.
private func openNames(in text: String) -> [String] {
  var names: [String] = []
  var seen: Set<String> = []
  for piece in text.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
    guard let end = piece.firstIndex(of: ">") else { continue }
    let name = String(piece[..<end])
    let isName =
      name.first?.isLetter == true
      && name.allSatisfy { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
    if isName, seen.insert(name).inserted { names.append(name) }
  }
  return names
}
