@testable import Template

/// One change of a valid template, and the one finding that it must lead to.
struct Mutation {
  let what: String
  let document: JSONValue
  let severity: Diagnostic.Severity
  let code: Diagnostic.Code
  let path: String
  /// Where the finding stands: a value, or a field's name.
  let place: Place

  enum Place {
    case value(String)
    case name(String)
  }
}

/// Makes every change of a template that the API's description calls a mistake.
struct Mutator {
  let matrix: SpecMatrix
  let version: APIVersion
  private let root: JSONValue
  private(set) var mutations: [Mutation] = []

  init(_ matrix: SpecMatrix, _ version: APIVersion, _ root: JSONValue) {
    self.matrix = matrix
    self.version = version
    self.root = root
    visit(root, [], "", kind: nil)
  }

  /// What a name that the service does not know is.
  private var oddity: Diagnostic.Severity { version >= .v2024_02_01 ? .error : .warning }

  private mutating func visit(_ object: JSONValue, _ hops: [Hop], _ path: String, kind: String?) {
    guard case .object(let members) = object.content else { return }
    var known = matrix.fields(below: path, in: version)
    if let kind { known.merge(matrix.fields(below: "\(path)<\(kind)>", in: version)) { $1 } }
    addUnknownFields(to: object, hops, known)
    for member in members {
      guard let entry = known[member.key], !entry.isReadOnly || kind != nil else { continue }
      let inner = hops + [.field(member.key)]
      let own = matrix.entries[version]?["\(path)<\(kind ?? "")>.\(member.key)"] != nil
      let innerPath =
        (own ? "\(path)<\(kind ?? "")>." : path.isEmpty ? "" : "\(path).") + member.key
      changeName(member.key, hops)
      if entry.isRequired { remove(member.key, hops) }
      changeType(member, entry, inner)
      passLimits(entry, inner)
      visitInside(member.value, inner, innerPath)
    }
  }

  private mutating func visitInside(_ value: JSONValue, _ hops: [Hop], _ path: String) {
    switch value.content {
    case .object: visit(value, hops, path, kind: kind(of: value))
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        visit(element, hops + [.element(index)], "\(path)[]", kind: kind(of: element))
      }
    default: break
    }
  }

  private func kind(of object: JSONValue) -> String? {
    guard case .string(let kind)? = (object["type"] ?? object["scheme"])?.content else {
      return nil
    }
    return kind
  }

  private mutating func addUnknownFields(
    to object: JSONValue, _ hops: [Hop], _ known: [String: SpecMatrix.Entry]
  ) {
    // What has fields of any name has no unknown ones.
    guard !known.isEmpty else { return }
    let inner = (hops + [.field("unheardOf")]).path
    add(
      "an unknown field", hops[...], oddity, .unknownField, inner, .name(inner)
    ) { $0.adding("unheardOf", JSONValue(.bool(true))) }
  }

  private mutating func changeName(_ name: String, _ hops: [Hop]) {
    let other = name.uppercased()
    guard other != name else { return }
    let path = (hops + [.field(other)]).path
    add("another case", hops[...], oddity, .fieldSpelling, path, .name(path)) {
      $0.renaming(name, to: other)
    }
  }

  private mutating func remove(_ name: String, _ hops: [Hop]) {
    guard !(hops.isEmpty && name == "name") else { return }
    let isIdentity = hops.isEmpty && name == "identity"
    add(
      "no \(name)", (hops + [.field(name)])[...], isIdentity ? .warning : .error,
      isIdentity ? .noIdentity : .missingField, hops.path, .value(hops.path)
    ) { _ in nil }
  }

  private mutating func changeType(
    _ member: JSONMember, _ entry: SpecMatrix.Entry, _ hops: [Hop]
  ) {
    for (content, usual) in Self.substitutes(for: entry.kind) {
      // A single identity is taken for the object that it must be the name in.
      let isIdentity = member.key == "userAssignedIdentities" && content == .string("x")
      let answer = isIdentity ? Diagnostic.Code.looseType : usual
      add(
        "\(content) for \(entry.kind)", hops[...], answer == .looseType ? .warning : .error, answer,
        hops.path, .value(hops.path)
      ) { _ in JSONValue(content) }
    }
    // A word in another case, and one that is misspelt.
    guard case .words = entry.kind, case .string(let word) = member.value.content else { return }
    for (text, severity, code) in [
      (word + "x", Diagnostic.Severity.error, Diagnostic.Code.unknownWord),
      (word.uppercased(), .warning, .wordSpelling), (word.lowercased(), .warning, .wordSpelling),
    ] where text != word {
      add("\(text)", hops[...], severity, code, hops.path, .value(hops.path)) { _ in
        JSONValue(.string(text))
      }
    }
  }

  private mutating func passLimits(_ entry: SpecMatrix.Entry, _ hops: [Hop]) {
    var values: [(JSONValue.Content, Diagnostic.Code)] = []
    switch entry.kind {
    case .integer(let least, let most):
      values = [(.number("\(least - 1)"), .outOfRange)]
      values.append((.number("\((most ?? Int(Int32.max)) + 1)"), .outOfRange))
    case .name(let dots):
      values = [
        (.string(String(repeating: "a", count: 65)), .badName), (.string("a/b"), .badName),
        (.string("ä"), .badName), (.string("a b"), .badName),
      ]
      if !dots { values.append((.string("a.b"), .badName)) }
    default: break
    }
    for (value, code) in values {
      add("\(value)", hops[...], .error, code, hops.path, .value(hops.path)) { _ in
        JSONValue(value)
      }
    }
  }

  private mutating func add(
    _ what: String, _ hops: ArraySlice<Hop>, _ severity: Diagnostic.Severity,
    _ code: Diagnostic.Code, _ path: String, _ place: Mutation.Place,
    _ change: (JSONValue) -> JSONValue?
  ) {
    guard let document = root.changing(hops, change) else { return }
    mutations.append(
      Mutation(
        what: what, document: document, severity: severity, code: code, path: path, place: place))
  }

  /// Values of another type, and what is said of each.
  private static func substitutes(
    for kind: SpecMatrix.Entry.Kind
  ) -> [(JSONValue.Content, Diagnostic.Code)] {
    let list = JSONValue.Content.array([JSONValue(.bool(true))])
    let object = JSONValue.Content.object([])
    switch kind {
    case .string, .words, .name:
      return [
        (.number("1"), .wrongType), (.bool(true), .wrongType), (list, .wrongType),
        (object, .wrongType),
      ]
    case .bool:
      return [
        (.number("1"), .wrongType), (.string("yes"), .wrongType), (list, .wrongType),
        (object, .wrongType), (.string("true"), .looseType),
      ]
    case .integer:
      return [
        (.bool(true), .wrongType), (.string("ten"), .wrongType), (list, .wrongType),
        (object, .wrongType), (.number("1.5"), .wrongType), (.string("1"), .looseType),
      ]
    case .strings:
      return [
        (.bool(true), .wrongType), (object, .wrongType), (.string("one"), .looseType),
      ]
    case .integers:
      return [(.bool(true), .wrongType), (object, .wrongType), (.number("1"), .looseType)]
    case .object:
      return [
        (.string("x"), .wrongType), (.number("1"), .wrongType), (.bool(true), .wrongType),
        (list, .wrongType),
      ]
    case .objects:
      return [(.string("x"), .wrongType), (.number("1"), .wrongType), (object, .wrongType)]
    case .other:
      return []
    }
  }
}
