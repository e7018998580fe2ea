import Testing

@testable import Template

/// Kiln's schema against the API as Microsoft published it.
@Suite(.enabled(if: PublicData.isThere, PublicData.absence))
struct SpecTests {
  /// What Kiln demands although the API's description does not: nothing could be built without.
  private static let demanded = [
    "properties", "publisher", "offer", "sku", "version", "sourceUri", "destination",
  ]

  @Test(arguments: APIVersion.allCases)
  func `the schema has the fields of the API, and no others`(version: APIVersion) throws {
    let walk = Comparison(matrix: try SpecMatrix(), version: version)
    let found = walk.differences(.document, "")
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  /// One version of the schema beside the same of the matrix.
  private struct Comparison {
    let matrix: SpecMatrix
    let version: APIVersion

    func differences(_ schema: Schema, _ path: String, common: String? = nil) -> [String] {
      var theirs = matrix.fields(below: path, in: version)
      if let common { theirs.merge(matrix.fields(below: common, in: version)) { $1 } }
      let ours = schema.fields.filter { $0.exists(in: version) && $0.role == .value }
      var found: [String] = []
      for (name, entry) in theirs where !entry.isReadOnly {
        guard let field = ours.first(where: { $0.name == name }) else {
          found.append("\(path).\(name) is missing")
          continue
        }
        found += differences(field, entry, path.isEmpty ? name : "\(path).\(name)")
      }
      found += ours.filter { theirs[$0.name] == nil }.map { "\(path).\($0.name) is too much" }
      return found
    }

    private func differences(
      _ field: Field, _ entry: SpecMatrix.Entry, _ path: String
    ) -> [String] {
      var found: [String] = []
      let isNeeded =
        switch field.need {
        case .optional: false
        case .required: !demanded.contains(field.name)
        case .before(let limit): version < limit
        case .onAzure(let since): version >= since
        }
      // The name of a template is in the address of the request.
      if isNeeded != entry.isRequired, path != "name", !demanded.contains(field.name) {
        found.append("\(path) is needed: \(isNeeded), and the API: \(entry.isRequired)")
      }
      if !agrees(field, entry.kind) { found.append("\(path) is \(field.shape), not \(entry.kind)") }
      switch field.shape {
      case .object(let schema): found += differences(schema, path)
      case .objects(let schema): found += differences(schema, "\(path)[]")
      case .union(let union): found += differences(union, path)
      case .unions(let union): found += differences(union, "\(path)[]")
      default: break
      }
      return found
    }

    private func differences(_ union: Union, _ path: String) -> [String] {
      let ours = union.variants.filter { $0.choice.exists(in: version) }
      var found: [String] = []
      let names = Set(ours.map { $0.choice.spelling(in: version) })
      if names != matrix.kinds(of: path, in: version) { found.append("\(path) has other kinds") }
      for variant in ours {
        let name = variant.choice.spelling(in: version)
        found += differences(variant.schema, "\(path)<\(name)>", common: path)
      }
      return found
    }

    private func agrees(_ field: Field, _ kind: SpecMatrix.Entry.Kind) -> Bool {
      switch (field.shape, kind) {
      case (.text, .string), (.checksum, .string), (.flag, .bool), (.texts, .strings),
        (.integers, .integers), (.tags, .object), (.identities, .object), (.object, .object),
        (.objects, .objects), (.union, .object), (.unions, .objects), (.name, .name):
        true
      case (.text, .words(let words)): words.count == 1  // what tells the kind of an object
      case (.integer(let range), .integer(let least, let most)):
        range.lowerBound == least && range.upperBound == most ?? Schema.most
      case (.words(let choices), .words(let words)):
        Set(choices.filter { $0.exists(in: version) }.map { $0.spelling(in: version) })
          == Set(words)
      default: false
      }
    }
  }
}
