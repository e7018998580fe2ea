import Foundation
import TestSupport
import Testing

/// `kiln schema` against what Microsoft sends to the API, by a validator that is not ours.
@Suite(.timeLimit(.minutes(3)))
struct SchemaTests {
  private static let versions = [
    "2018-02-01-preview", "2019-02-01-preview", "2019-05-01-preview", "2020-02-14", "2021-10-01",
    "2022-02-14", "2022-07-01", "2023-07-01", "2024-02-01", "2025-10-01",
  ]

  private static let hasValidator = ConditionTrait.enabled(
    "SKIPPED: needs python3 with jsonschema, to validate by the printed schema"
  ) { try await run("python3", ["-c", "import jsonschema"]).exit == 0 }

  /// Prints a line for each template that the schema has the wrong opinion of.
  private static let judge = """
    import copy, json, sys
    from jsonschema import Draft7Validator
    schema = json.load(open(sys.argv[1]))
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    count = 0
    for path in sys.argv[2:]:
        body = json.load(open(path))["parameters"]["parameters"]
        for error in validator.iter_errors(body):
            print(path, "is refused:", error.message)
        broken = []
        for change in [
            lambda b: b.pop("location"),
            lambda b: b["properties"].pop("source"),
            lambda b: b["properties"].pop("distribute"),
            lambda b: b["properties"]["source"].update(type="Nothing"),
            lambda b: b["properties"]["customize"][0].update(name=1),
            lambda b: b["properties"]["customize"][0].update(type="Shel"),
            lambda b: b["properties"]["distribute"][0].pop("runOutputName"),
            lambda b: b["properties"]["distribute"][0].update(runOutputName="a/b"),
        ]:
            copied = copy.deepcopy(body)
            change(copied)
            if validator.is_valid(copied):
                print(path, "is accepted:", json.dumps(copied))
            count += 1
    print(count, "changes")
    """

  @Test(hasValidator, .requiresSharedData, arguments: versions)
  func `the examples of the API are valid by the schema, and broken ones are not`(
    version: String
  ) async throws {
    let folder = try #require(Shared.data) + "/aib-spec/\(version)/openapi/examples"
    let examples = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasPrefix("CreateImageTemplate") }.map { "\(folder)/\($0)" }
    try await ScratchDirectory.with { home in
      let printed = try await KilnProcess.run(["schema", "--api-version", version], in: home)
      #expect(printed.exit == 0)
      try Data(printed.stdout.utf8).write(to: URL(filePath: "\(home)/schema.json"))
      try Data(Self.judge.utf8).write(to: URL(filePath: "\(home)/judge.py"))
      let judged = try await run(
        "python3", ["\(home)/judge.py", "\(home)/schema.json"] + examples)
      #expect(judged.stdout == "\(8 * examples.count) changes\n", "\(judged.stderr)")
    }
  }

  @Test func `a version that does not exist is refused, with those that do`() async throws {
    try await ScratchDirectory.with { home in
      let ran = try await KilnProcess.run(["schema", "--api-version", "2024-02-02"], in: home)
      #expect(ran.exit == 2)
      #expect(ran.stderr.contains("2024-02-01, 2025-10-01"), "\(ran.stderr)")
    }
  }
}
