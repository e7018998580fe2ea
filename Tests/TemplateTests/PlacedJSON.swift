@testable import Template

/// A JSON text that is made from values, and knows where each of them stands.
struct PlacedJSON {
  private(set) var text = ""
  /// Where each value starts, by its path.
  private(set) var values: [String: SourcePosition] = [:]
  /// Where each field's name starts, by its path.
  private(set) var names: [String: SourcePosition] = [:]
  private var place = SourcePosition.start

  init(_ value: JSONValue) {
    write(value, "")
  }

  private mutating func write(_ value: JSONValue, _ path: String) {
    values[path] = place
    switch value.content {
    case .null: put("null")
    case .bool(let flag): put("\(flag)")
    case .number(let text): put(text)
    case .string(let text): put(Self.quoted(text))
    case .array(let elements):
      put("[")
      for (index, element) in elements.enumerated() {
        put(index == 0 ? "\n" : ",\n")
        write(element, "\(path)[\(index)]")
      }
      put("]")
    case .object(let members):
      put("{")
      for (index, member) in members.enumerated() {
        put(index == 0 ? "\n  " : ",\n  ")
        let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
        names[inner] = place
        put("\(Self.quoted(member.key)): ")
        write(member.value, inner)
      }
      put("}")
    }
  }

  private mutating func put(_ piece: String) {
    text += piece
    for character in piece.unicodeScalars {
      place =
        character == "\n"
        ? SourcePosition(line: place.line + 1, column: 1)
        : SourcePosition(line: place.line, column: place.column + 1)
    }
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n")
    return "\"\(escaped)\""
  }
}

/// A field's name or an element's index on the way to a value.
enum Hop: Hashable {
  case field(String)
  case element(Int)
}

extension JSONValue {
  init(_ content: Content) { self.init(content: content, position: .start) }

  /// An object's field; `nil` where there is none.
  subscript(name: String) -> JSONValue? { member(name)?.value }

  /// The value with what is at the end of `hops` changed; `nil` from `change` takes it away.
  func changing(_ hops: ArraySlice<Hop>, _ change: (JSONValue) -> JSONValue?) -> JSONValue? {
    guard let hop = hops.first else { return change(self) }
    let rest = hops.dropFirst()
    switch (hop, content) {
    case (.field(let name), .object(let members)):
      return JSONValue(
        .object(
          members.compactMap { member in
            guard member.key == name else { return member }
            return member.value.changing(rest, change).map {
              JSONMember(key: member.key, keyPosition: .start, value: $0)
            }
          }))
    case (.element(let place), .array(let elements)):
      return JSONValue(
        .array(
          elements.enumerated().compactMap { index, element in
            index == place ? element.changing(rest, change) : element
          }))
    default: return self
    }
  }

  /// The object with one more field at its end.
  func adding(_ name: String, _ value: JSONValue) -> JSONValue {
    guard case .object(let members) = content else { return self }
    return JSONValue(
      .object(members + [JSONMember(key: name, keyPosition: .start, value: value)]))
  }

  /// The object with a field called otherwise.
  func renaming(_ name: String, to other: String) -> JSONValue {
    guard case .object(let members) = content else { return self }
    return JSONValue(
      .object(
        members.map { member in
          JSONMember(
            key: member.key == name ? other : member.key, keyPosition: .start, value: member.value)
        }))
  }
}

extension [Hop] {
  /// The path as diagnostics have it.
  var path: String {
    reduce("") { path, hop in
      switch hop {
      case .field(let name): path.isEmpty ? name : "\(path).\(name)"
      case .element(let index): "\(path)[\(index)]"
      }
    }
  }
}
