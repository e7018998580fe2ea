import Template

extension ProjectReader {
  /// Reads the HCL files that belong together.
  mutating func readHCL(_ files: [PackerFile]) -> Recipe {
    var blocks: [HCLBlock] = []
    for file in files {
      guard let body = readHCLText(file) else { continue }
      blocks += body.blocks
      for attribute in body.attributes {
        add(
          .error, "\(quoted(attribute.name)) stands outside of any block", at: attribute.place,
          hint: "values of variables belong into a file for `--var-file`")
      }
    }
    var evaluator = Evaluator(surroundings: project.surroundings)
    declareVariables(blocks, &evaluator)
    declareLocals(blocks, &evaluator)
    var recipe = Recipe()
    for block in blocks {
      switch block.type {
      case "variable", "variables", "locals", "local": break
      case "source":
        recipe.sources.append(
          section(block, kind: block.labels.first ?? "", name: block.labels.last ?? "", &evaluator))
      case "build": recipe.builds.append(build(block, &evaluator))
      case "packer":
        add(.note, "versions and plugins of Packer have no place in a template", at: block.place)
      case "data":
        add(
          .loss, "the data source \(quoted(block.labels.joined(separator: "."))) is not asked",
          at: block.place, hint: "what uses it holds a placeholder: write its value there")
      default:
        add(.loss, "the block \(quoted(block.type)) is not carried over", at: block.place)
      }
    }
    return recipe
  }

  private mutating func declareVariables(_ blocks: [HCLBlock], _ evaluator: inout Evaluator) {
    let given = givenValues()
    for block in blocks where block.type == "variable" {
      guard let name = block.labels.first else { continue }
      evaluator.variables[name] = variable(name, block, given[name]?.value, &evaluator)
    }
    for block in blocks where block.type == "variables" {
      for attribute in block.body.attributes {
        let value = given[attribute.name]?.value ?? evaluator.value(attribute.expression)
        evaluator.variables[attribute.name] = guarded(value, attribute.name)
      }
    }
    for (name, value) in given where evaluator.variables[name] == nil {
      add(.note, "the variable \(quoted(name)) is not declared: nothing uses it", at: value.place)
    }
  }

  private mutating func variable(
    _ name: String, _ block: HCLBlock, _ given: Value?, _ evaluator: inout Evaluator
  ) -> Value {
    for other in block.body.blocks {
      add(.note, "the check of the variable \(quoted(name)) is not carried over", at: other.place)
    }
    let isSensitive = block.body["sensitive"].map { evaluator.value($0.expression).text == "true" }
    if isSensitive ?? false { return .open(Gap(name, "the variable `\(name)`", .secret)) }
    if let given { return guarded(typed(given, block), name) }
    guard let standard = block.body["default"] else {
      return .open(Gap(name, "the variable `\(name)`", .unset))
    }
    return guarded(evaluator.value(standard.expression), name)
  }

  /// A value from a text, for a variable that is no string.
  private func typed(_ value: Value, _ block: HCLBlock) -> Value {
    guard case .string(let text) = value.content, let type = block.body["type"]?.expression.kind
    else { return value }
    switch type {
    case .name("string"), .literal: return value
    default: break
    }
    var plain = Evaluator(surroundings: Surroundings())
    // A text that is no expression is meant as a text.
    return (try? HCLParser.expression(text)).map { plain.value($0) } ?? value
  }

  /// The value, unless the variable's name says that it is a secret.
  func guarded(_ value: Value, _ name: String) -> Value {
    let isSecret = isSecretName(name) && !value.isEmpty
    return isSecret ? .open(Gap(name, "the variable `\(name)`", .secret)) : value
  }

  private mutating func declareLocals(_ blocks: [HCLBlock], _ evaluator: inout Evaluator) {
    for block in blocks where block.type == "locals" {
      for attribute in block.body.attributes {
        evaluator.locals[attribute.name] = attribute.expression
      }
    }
    for block in blocks where block.type == "local" {
      guard let name = block.labels.first else { continue }
      evaluator.locals[name] = block.body["expression"]?.expression
      if let flag = block.body["sensitive"], evaluator.value(flag.expression).text == "true" {
        evaluator.define(local: name, as: .open(Gap(name, "the local `\(name)`", .secret)))
      }
    }
  }

  private mutating func build(_ block: HCLBlock, _ evaluator: inout Evaluator) -> Recipe.Build {
    var build = Recipe.Build(place: block.place)
    for attribute in block.body.attributes {
      let value = evaluator.value(attribute.expression)
      switch attribute.name {
      case "name": build.name = value.text ?? ""
      case "sources":
        build.uses += value.pairs.compactMap { $0.value.text }.map {
          Recipe.Use(key: Self.sourceKey($0), place: attribute.place)
        }
      case "description":
        add(.note, "the description of the build is not carried over", at: attribute.place)
      default:
        add(
          .loss, "\(quoted(attribute.name)) of a build is not carried over", at: attribute.place)
      }
    }
    for inner in block.body.blocks {
      let kind = inner.labels.first ?? ""
      switch inner.type {
      case "source":
        var additions = section(inner, kind: kind, name: "", &evaluator)
        let name = additions.take("name")?.value.text
        build.uses.append(
          Recipe.Use(
            key: Self.sourceKey(kind), place: inner.place, additions: additions.fields, name: name))
      case "provisioner":
        let name = inner.labels.count > 1 ? inner.labels[1] : ""
        build.provisioners.append(section(inner, kind: kind, name: name, &evaluator))
      default:
        let subject = kind.isEmpty ? inner.type : "\(inner.type) \(kind)"
        build.others += others(inner, subject)
      }
    }
    return build
  }

  /// A block, or those that it holds: `post-processors` is a list of blocks.
  private func others(_ block: HCLBlock, _ subject: String) -> [Section] {
    guard block.type == "post-processors" else {
      return [Section(kind: subject, name: "", place: block.place, fields: [])]
    }
    return block.body.blocks.map { inner in
      let subject = ([inner.type] + inner.labels).joined(separator: " ")
      return Section(kind: subject, name: "", place: inner.place, fields: [])
    }
  }

  /// `type.name`, without the word before it.
  private static func sourceKey(_ reference: String) -> String {
    for prefix in ["source.", "sources."] where reference.hasPrefix(prefix) {
      return String(reference.dropFirst(prefix.count))
    }
    return reference
  }

  private mutating func section(
    _ block: HCLBlock, kind: String, name: String, _ evaluator: inout Evaluator
  ) -> Section {
    var template = GoTemplate(surroundings: project.surroundings)
    let filled = fields(of: block.body, &evaluator).map { field in
      PackerField(name: field.name, place: field.place, value: template.filled(field.value))
    }
    return Section(kind: kind, name: name, place: block.place, fields: filled)
  }

  /// The attributes, and the blocks as lists of objects.
  private mutating func fields(
    of body: HCLBody, _ evaluator: inout Evaluator
  ) -> [PackerField] {
    var fields = body.attributes.map { attribute in
      PackerField(
        name: attribute.name, place: attribute.place, value: evaluator.value(attribute.expression))
    }
    var names: [String] = []
    for block in body.blocks where !names.contains(block.type) { names.append(block.type) }
    for name in names {
      let blocks = body.blocks.filter { $0.type == name }
      guard name != "dynamic", let first = blocks.first else {
        for block in blocks {
          add(
            .loss, "the dynamic block \(quoted(block.labels.first ?? "")) is not carried over",
            at: block.place, hint: "write out the blocks that it makes")
        }
        continue
      }
      let objects = blocks.map { block in
        Value.object(self.fields(of: block.body, &evaluator).map { ($0.name, $0.value) })
      }
      fields.append(PackerField(name: name, place: first.place, value: Value(.list(objects))))
    }
    return fields
  }
}
