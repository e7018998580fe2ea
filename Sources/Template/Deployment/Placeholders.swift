/// Fills in `<name>`s, as the tutorials of the service have it done by `sed`.
struct Placeholders {
  private let given: [String: String]
  private let inputs: DeploymentInputs

  /// The names that were given a value and met.
  private(set) var used: Set<String> = []

  /// The names that were met.
  private(set) var met: Set<String> = []

  init(_ inputs: DeploymentInputs) {
    given = inputs.placeholders
    self.inputs = inputs
  }

  /// A document with the values that are known in the places of their names.
  mutating func fill(_ value: JSONValue, isCommand: Bool = false) -> JSONValue {
    let content: JSONValue.Content =
      switch value.content {
      case .string(let text): .string(fill(text, isCommand))
      case .array(let elements): .array(elements.map { fill($0, isCommand: isCommand) })
      case .object(let members):
        .object(
          members.map { member in
            JSONMember(
              key: fill(member.key, isCommand), keyPosition: member.keyPosition,
              value: fill(member.value, isCommand: isCommand || member.key == "inline"))
          })
      default: value.content
      }
    return JSONValue(content: content, position: value.position)
  }

  private mutating func fill(_ text: String, _ isCommand: Bool) -> String {
    guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
    var filled = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      filled += rest[..<start]
      rest = rest[start...]
      // A name ends before the next bracket, so that each character is looked at but twice.
      let inner = rest.dropFirst().prefix { $0 != "<" && $0 != ">" }
      let end = inner.endIndex
      guard end < rest.endIndex else { break }
      guard rest[end] == ">" else {
        filled += rest[..<end]
        rest = rest[end...]
        continue
      }
      let name = String(inner)
      met.insert(name)
      if let value = given[name] {
        used.insert(name)
        filled += value
        rest = rest[rest.index(after: end)...]
      } else if !isCommand, let value = standard(name) {
        filled += value
        rest = rest[rest.index(after: end)...]
      } else {
        filled += "<"
        rest = rest.dropFirst()
      }
    }
    return filled + rest
  }

  /// Azure needs the user's own values; a local build does without some of them.
  private func standard(_ name: String) -> String? {
    guard inputs.purpose == .build else { return nil }
    return LocalDefaults.text(forPlaceholder: name, inputs.site)
  }

  /// Reports the names that were given a value and stand nowhere.
  func reportUnused(in findings: inout Findings) {
    for name in given.keys.sorted() where !used.contains(name) {
      let guess = nearest(to: name, among: met.sorted()).map { "did you mean `\(printable($0))`?" }
      findings.fail(
        .unusedPlaceholder, "there is no placeholder \(quoted("<\(name)>")) to set", at: .start,
        path: "", hint: guess)
    }
  }
}
