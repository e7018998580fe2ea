import Template

/// Reads the files of a project into a recipe.
struct ProjectReader {
  let project: PackerProject
  var remarks: [Remark] = []

  init(_ project: PackerProject) {
    self.project = project
  }

  /// The recipe; `nil` if there is an error.
  mutating func recipe() -> Recipe? {
    guard let first = project.templates.first else { return nil }
    let recipe = first.isJSON ? readJSON(first) : readHCL(project.templates)
    return remarks.contains { $0.kind == .error } ? nil : recipe
  }

  /// What files and options say of variables, the last first: names and values.
  mutating func givenValues() -> [String: (value: Value, place: Place)] {
    var given: [String: (value: Value, place: Place)] = [:]
    for file in project.variableFiles {
      for (name, value, place) in file.isJSON ? jsonVariables(file) : hclVariables(file) {
        given[name] = (value, place)
      }
    }
    for (index, assignment) in project.assignments.enumerated() {
      let place = Place(file: "-var", position: SourcePosition(line: index + 1, column: 1))
      guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
        add(.error, "\(quoted(assignment)) is no `name=value`", at: place)
        continue
      }
      let name = String(assignment[..<equals])
      given[name] = (.string(String(assignment[assignment.index(after: equals)...])), place)
    }
    return given
  }

  private mutating func jsonVariables(_ file: PackerFile) -> [(String, Value, Place)] {
    guard let root = readJSONText(file), case .object(let members) = root.content else { return [] }
    return members.map { member in
      let place = Place(file: file.name, position: member.keyPosition)
      return (member.key, Value(member.value), place)
    }
  }

  private mutating func hclVariables(_ file: PackerFile) -> [(String, Value, Place)] {
    guard let body = readHCLText(file) else { return [] }
    var evaluator = Evaluator(surroundings: project.surroundings)
    return body.attributes.map { ($0.name, evaluator.value($0.expression), $0.place) }
  }

  /// The JSON of a file; `nil` with remarks for a mistake.
  mutating func readJSONText(_ file: PackerFile) -> JSONValue? {
    let (root, findings) = JSONReader.read(file.bytes)
    for finding in findings.sorted where finding.severity == .error {
      let place = Place(file: file.name, position: finding.position)
      add(.error, finding.message, at: place, hint: finding.hint)
    }
    for position in root?.zeroCharacters ?? [] {
      add(
        .error, "the string holds a zero character: every program ends a text there",
        at: Place(file: file.name, position: position))
    }
    return root
  }

  /// The HCL of a file; `nil` with a remark for a mistake.
  mutating func readHCLText(_ file: PackerFile) -> HCLBody? {
    do throws(HCLMistake) {
      return try HCLParser.read(file)
    } catch {
      let place = Place(file: file.name, position: error.position)
      add(.error, error.message, at: place, hint: error.hint)
      return nil
    }
  }

  mutating func add(_ kind: Remark.Kind, _ message: String, at place: Place, hint: String? = nil) {
    remarks.append(Remark(kind, message, at: place, hint: hint))
  }
}

extension JSONValue {
  /// Where strings stand that hold a zero character, which no result may.
  fileprivate var zeroCharacters: [SourcePosition] {
    switch content {
    case .string(let text): text.utf8.contains(0) ? [position] : []
    case .array(let values): values.flatMap(\.zeroCharacters)
    case .object(let members):
      members.flatMap { member in
        (member.key.utf8.contains(0) ? [member.keyPosition] : []) + member.value.zeroCharacters
      }
    case .null, .bool, .number: []
    }
  }
}

extension Value {
  /// The value of a JSON text, as it stands.
  init(_ json: JSONValue) {
    switch json.content {
    case .null: self.init(.null)
    case .bool(let value): self.init(.bool(value))
    case .number(let text): self.init(.number(text))
    case .string(let text): self.init(.string(text))
    case .array(let values): self.init(.list(values.map { Value($0) }))
    case .object(let members):
      self.init(.object(members.map { Member(key: $0.key, value: Value($0.value)) }))
    }
  }
}
