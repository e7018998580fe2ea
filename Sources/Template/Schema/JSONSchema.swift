/// The JSON Schema of image templates, for editors: made from what the decoder checks by.
public enum JSONSchema {
  /// The schema of a version's templates, as JSON text (draft 07, which editors know best).
  ///
  /// It is as strict as the service: other fields than the known ones are mistakes from 2024-02-01
  /// on, and let through before.
  public static func text(for version: APIVersion) -> String {
    var members = Writer(version: version).schema(.document)
    members.insert(("title", .string("Azure Image Builder template, \(version.rawValue)")), at: 0)
    members.insert(("$schema", .string("http://json-schema.org/draft-07/schema#")), at: 0)
    return SchemaJSON.object(members).text
  }

  private typealias Members = [(String, SchemaJSON)]

  private struct Writer {
    let version: APIVersion

    func schema(_ schema: Schema, discriminator: String? = nil, is kind: String = "") -> Members {
      let fields = schema.fields.filter { $0.exists(in: version) }
      var members: Members = [("type", .string("object"))]
      members.append(
        (
          "properties",
          .object(
            fields.map { field in
              let isKind = field.name == discriminator
              return (field.name, .object(isKind ? [("const", .string(kind))] : value(field)))
            })
        ))
      let needed = fields.filter(isNeeded).map { SchemaJSON.string($0.name) }
      if !needed.isEmpty { members.append(("required", .array(needed))) }
      let either = schema.either.filter { name in fields.contains { $0.name == name } }
      if !either.isEmpty {
        members.append(
          (
            "anyOf",
            .array(either.map { .object([("required", .array([.string($0)]))]) })
          ))
      }
      if version.refusesUnknownFields { members.append(("additionalProperties", .bool(false))) }
      return members
    }

    private func isNeeded(_ field: Field) -> Bool {
      switch field.need {
      case .optional: false
      case .required: true
      case .before(let limit): version < limit
      case .onAzure(let since): version >= since
      }
    }

    private func value(_ field: Field) -> Members {
      var members = shape(field.shape)
      if !field.about.isEmpty { members.append(("description", .string(field.about))) }
      if field.role == .readOnly { members.append(("readOnly", .bool(true))) }
      return members
    }

    private func shape(_ shape: Shape) -> Members {
      switch shape {
      case .anything: return []
      case .text: return type("string")
      case .name:
        let dot = version < .v2019_05_01_preview ? "" : "."
        return type("string") + [("pattern", .string("^[A-Za-z0-9_\(dot)-]{1,64}$"))]
      case .checksum:
        return type("string") + [("pattern", .string("^([0-9A-Fa-f]{64})?$"))]
      case .flag: return type("boolean")
      case .integer(let range):
        return type("integer") + [
          ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound)),
        ]
      case .words(let choices): return [("enum", words(choices))]
      case .texts: return array(type("string"))
      case .integers: return array(type("integer"))
      case .tags: return map(type("string"))
      case .identities: return map(type("object"))
      case .object(let schema): return self.schema(schema)
      case .objects(let schema): return array(self.schema(schema))
      case .union(let union): return self.union(union)
      case .unions(let union): return array(self.union(union))
      }
    }

    private func type(_ name: String) -> Members { [("type", .string(name))] }

    private func array(_ items: Members) -> Members {
      type("array") + [("items", .object(items))]
    }

    private func map(_ values: Members) -> Members {
      type("object") + [("additionalProperties", .object(values))]
    }

    private func words(_ choices: [Choice]) -> SchemaJSON {
      .array(
        choices.filter { $0.exists(in: version) }.map { .string($0.spelling(in: version)) })
    }

    /// `if` and `then` rather than `oneOf`: so a mistake is told of the kind that was meant.
    private func union(_ union: Union) -> Members {
      let name = union.discriminator
      let cases = union.variants.filter { $0.choice.exists(in: version) }.map { variant in
        let kind = variant.choice.spelling(in: version)
        return SchemaJSON.object([
          (
            "if",
            .object([
              ("properties", .object([(name, .object([("const", .string(kind))]))])),
              ("required", .array([.string(name)])),
            ])
          ),
          ("then", .object(schema(variant.schema, discriminator: name, is: kind))),
        ])
      }
      let kinds = SchemaJSON.object([("enum", words(union.variants.map(\.choice)))])
      return type("object") + [
        ("properties", .object([(name, kinds)])), ("required", .array([.string(name)])),
        ("allOf", .array(cases)),
      ]
    }
  }
}

/// A JSON value to be written.
private enum SchemaJSON {
  case bool(Bool)
  case number(Int)
  case string(String)
  case array([SchemaJSON])
  case object([(String, SchemaJSON)])

  /// The value as text, with two spaces for each level.
  var text: String { text(indented: "") }

  private func text(indented indentation: String) -> String {
    let inner = indentation + "  "
    switch self {
    case .bool(let value): return "\(value)"
    case .number(let value): return "\(value)"
    case .string(let value): return Self.quoted(value)
    case .array(let elements):
      if elements.isEmpty { return "[]" }
      let lines = elements.map { inner + $0.text(indented: inner) }
      return "[\n\(lines.joined(separator: ",\n"))\n\(indentation)]"
    case .object(let members):
      if members.isEmpty { return "{}" }
      let lines = members.map { name, value in
        "\(inner)\(Self.quoted(name)): \(value.text(indented: inner))"
      }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indentation)}"
    }
  }

  /// The texts are our own: they hold no control characters.
  private static func quoted(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"\(escaped)\""
  }
}
