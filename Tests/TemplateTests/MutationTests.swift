import Testing

@testable import Template

/// Every template that the API shows, and one of each version that has all of its fields: valid as
/// they are, and with the right finding after each change that makes a mistake of them.
@Suite(.enabled(if: PublicData.isThere, PublicData.absence))
struct MutationTests {
  /// The bodies that the API's examples of a version send.
  private static func examples(of version: APIVersion) throws -> [JSONValue] {
    try PublicData.files(below: "aib-spec").filter {
      $0.path.hasPrefix("\(version.rawValue)/") && $0.path.contains("/CreateImageTemplate")
    }.map { file in
      let example = try #require(JSONReader.read(file.bytes).value)
      return try #require(example["parameters"]?["parameters"])
    }
  }

  @Test(arguments: APIVersion.allCases)
  func `every example of the API is valid`(version: APIVersion) throws {
    let examples = try Self.examples(of: version)
    #expect(!examples.isEmpty)
    for example in examples {
      let reading = Self.read(PlacedJSON(example).text, version)
      #expect(reading.template != nil, "\(reading.renderedDiagnostics)")
    }
  }

  @Test(arguments: APIVersion.allCases)
  func `a template with every field is valid, and without a word`(version: APIVersion) throws {
    for document in try FullTemplate(SpecMatrix(), version).documents {
      let reading = Self.read(PlacedJSON(document).text, version)
      let said = Set(reading.diagnostics.map(\.code)).subtracting([.mixedSystems, .isoSource])
      #expect(said.isEmpty && reading.template != nil, "\(reading.renderedDiagnostics)")
    }
  }

  @Test(arguments: APIVersion.allCases)
  func `every mistake has its path, its place and its code`(version: APIVersion) throws {
    let matrix = try SpecMatrix()
    let documents =
      try Self.examples(of: version) + FullTemplate(matrix, version).documents
    var count = 0
    for document in documents {
      for mutation in Mutator(matrix, version, document).mutations {
        check(mutation, version)
        count += 1
      }
    }
    // So that a fault of this test does not pass for thousands of mistakes that were told.
    #expect(count >= (version < .v2020_02_14 ? 100 : 700), "\(version): \(count) mutations")
  }

  private func check(_ mutation: Mutation, _ version: APIVersion) {
    let text = PlacedJSON(mutation.document)
    let reading = Self.read(text.text, version)
    let place =
      switch mutation.place {
      case .value(let path): text.values[path]
      case .name(let path): text.names[path]
      }
    let told = reading.diagnostics.filter {
      $0.code == mutation.code && $0.path == mutation.path && $0.position == place
        && $0.severity == mutation.severity
    }
    let errors = reading.diagnostics.filter { $0.severity == .error }
    let isRight =
      told.count == 1 && errors.count == (mutation.severity == .error ? 1 : 0)
      && (reading.template == nil) == (mutation.severity == .error)
    let said = reading.diagnostics.map { $0.rendered(in: "t") }.joined(separator: "\n")
    #expect(
      isRight, "\(version) \(mutation.what) at `\(mutation.path)`: \(mutation.code) not in\n\(said)"
    )
  }

  private static func read(_ text: String, _ version: APIVersion) -> TemplateReading {
    TemplateDocument.read(Array(text.utf8), named: "t.json", sentTo: version)
  }
}
