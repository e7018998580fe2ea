import Template

extension ProjectReader {
  /// Reads a JSON template: `builders` and `provisioners`.
  mutating func readJSON(_ file: PackerFile) -> Recipe? {
    guard let root = readJSONText(file) else { return nil }
    let place = Place(file: file.name, position: root.position)
    guard case .object(let members) = root.content, let builders = root.member("builders") else {
      add(
        .error, "the file is no template of Packer: it has no `builders`", at: place,
        hint: "`.pkr.json`, HCL written as JSON, is not understood")
      return nil
    }
    var template = GoTemplate(surroundings: project.surroundings)
    template.variables = variables(root, file)
    var recipe = Recipe()
    recipe.sources = sections(builders.value, in: file, &template, subject: "builder")
    var build = Recipe.Build(place: Place(file: file.name, position: builders.keyPosition))
    build.uses = recipe.sources.map { Recipe.Use(key: $0.key, place: $0.place) }
    for member in members {
      let place = Place(file: file.name, position: member.keyPosition)
      switch member.key {
      case "builders", "variables", "sensitive-variables": break
      case "provisioners":
        build.provisioners = sections(member.value, in: file, &template, subject: "provisioner")
      case "post-processors": build.others += postProcessors(member.value, in: file)
      case "description", "min_packer_version", "_comment":
        add(.note, "\(quoted(member.key)) is not carried over", at: place)
      default: add(.loss, "\(quoted(member.key)) is not carried over", at: place)
      }
    }
    recipe.builds = [build]
    return recipe
  }

  private mutating func variables(_ root: JSONValue, _ file: PackerFile) -> [String: Value] {
    var variables: [String: Value] = [:]
    if case .object(let members)? = root.member("variables")?.value.content {
      for member in members {
        let value = Value(member.value)
        variables[member.key] =
          value == .null
          ? .open(Gap(member.key, "the variable `\(member.key)`", .unset))
          : guarded(value, member.key)
      }
    }
    for (name, given) in givenValues() { variables[name] = guarded(given.value, name) }
    if case .array(let names)? = root.member("sensitive-variables")?.value.content {
      for case .string(let name) in names.map(\.content) {
        variables[name] = .open(Gap(name, "the variable `\(name)`", .secret))
      }
    }
    return variables
  }

  private mutating func sections(
    _ value: JSONValue, in file: PackerFile, _ template: inout GoTemplate, subject: String
  ) -> [Section] {
    guard case .array(let values) = value.content else {
      add(
        .error, "expected an array of \(subject)s, not \(value.spoken)",
        at: Place(file: file.name, position: value.position))
      return []
    }
    return values.compactMap { section($0, in: file, &template, subject: subject) }
  }

  private mutating func section(
    _ value: JSONValue, in file: PackerFile, _ template: inout GoTemplate, subject: String
  ) -> Section? {
    let place = Place(file: file.name, position: value.position)
    guard case .object(let members) = value.content,
      case .string(let kind)? = value.member("type")?.value.content
    else {
      add(.error, "a \(subject) needs a `type`", at: place)
      return nil
    }
    let fields = members.filter { $0.key != "type" }.map { member in
      PackerField(
        name: member.key, place: Place(file: file.name, position: member.keyPosition),
        value: template.filled(Value(member.value)))
    }
    var section = Section(kind: kind, name: "", place: place, fields: fields)
    guard subject == "builder" else { return section }
    let name = section.take("name")?.value.text ?? ""
    return Section(kind: kind, name: name, place: place, fields: section.fields)
  }

  /// Post-processors by their place: each is a name, an object, or a list of these.
  private func postProcessors(_ value: JSONValue, in file: PackerFile) -> [Section] {
    let place = Place(file: file.name, position: value.position)
    switch value.content {
    case .array(let values): return values.flatMap { postProcessors($0, in: file) }
    case .string(let kind):
      return [Section(kind: "post-processor \(kind)", name: "", place: place, fields: [])]
    default:
      var kind = "?"
      if case .string(let name)? = value.member("type")?.value.content { kind = name }
      return [Section(kind: "post-processor \(kind)", name: "", place: place, fields: [])]
    }
  }
}
