import Foundation
import TestSupport
import Testing

/// `kiln validate` over what people have published.
@Suite(.timeLimit(.minutes(3)))
struct ValidateTests {
  /// What `--json` prints for each file.
  private struct Report: Decodable {
    struct Diagnostic: Decodable { let severity: String }
    let file: String
    let valid: Bool
    let diagnostics: [Diagnostic]
  }

  @Test(.requiresSharedData)
  func `every public template has its verdict`() async throws {
    let corpus = try #require(Shared.data) + "/corpus"
    let files = try FileManager.default.subpathsOfDirectory(atPath: corpus)
      .filter { $0.hasSuffix(".json") }.sorted().map { "\(corpus)/\($0)" }
    try await ScratchDirectory.with { home in
      let ran = try await KilnProcess.run(["validate", "--json"] + files, in: home)
      #expect(ran.exit == 2)
      #expect(ran.stderr.isEmpty)
      let reports = try JSONDecoder().decode([Report].self, from: Data(ran.stdout.utf8))
      #expect(reports.map(\.file) == files)
      for report in reports {
        #expect(
          report.valid != report.diagnostics.contains { $0.severity == "error" },
          "\(report.file)")
      }
      // The rest needs values for its parameters, or has the errors of `VerdictTests`.
      #expect(reports.count { $0.valid } == 154)
    }
  }

  @Test func `a valid template exits with 0, and one that is not with 2`() async throws {
    try await ScratchDirectory.with { home in
      try Data(try Template.text([.shell("true")]).utf8).write(to: URL(filePath: "\(home)/a.json"))
      try Data("{}".utf8).write(to: URL(filePath: "\(home)/b.json"))
      #expect(try await KilnProcess.run(["validate", "a.json"], in: home).exit == 0)
      #expect(try await KilnProcess.run(["validate", "b.json"], in: home).exit == 2)
      #expect(try await KilnProcess.run(["validate", "a.json", "b.json"], in: home).exit == 2)
    }
  }

  @Test func `a template that is not there does not keep the others from their verdict`()
    async throws
  {
    try await ScratchDirectory.with { home in
      try Data(try Template.text([.shell("true")]).utf8).write(to: URL(filePath: "\(home)/a.json"))
      let ran = try await KilnProcess.run(["validate", "no.json", "a.json"], in: home)
      #expect(ran.exit == 2)
      #expect(ran.stderr.contains("could not read the template `no.json`"))
      #expect(ran.stderr.contains("a.json: valid"), "\(ran.stderr)")
    }
  }

  @Test func `a template is read from a pipe, and what has no end is refused`() async throws {
    try await ScratchDirectory.with { home in
      let text = try Template.text([.shell("true")])
      let piped = try await KilnProcess.run(["validate", "/dev/stdin"], in: home, input: text)
      #expect(piped.exit == 0, "\(piped.stderr)")
      let endless = try await KilnProcess.run(["validate", "/dev/zero"], in: home)
      #expect(endless.exit == 2)
      #expect(
        endless.stderr.contains(
          "could not read `/dev/zero`: it has more than 32 MiB, so it is no template"),
        "\(endless.stderr)")
    }
  }

  private static let loose = """
    {"apiVersion": "2022-07-01", "location": "l", "identity": {"type": "None"}, "properties": {
    "source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s", "version": "1",},
    "customize": [{"type": "Shell", "Inline": ["true"]}],
    "distribute": [{"type": "vhd", "runOutputName": "o", "aritfactTags": {}}]}}

    """

  private static let mended = loose.replacing("\"1\",}", with: "\"1\"}")
    .replacing("Inline", with: "inline").replacing("vhd", with: "VHD")
    .replacing("aritfactTags", with: "artifactTags")

  @Test func `what is beyond doubt is mended, shown, and nothing else touched`() async throws {
    try await ScratchDirectory.with { home in
      let file = URL(filePath: "\(home)/a.json")
      try Data(Self.loose.utf8).write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
      try FileManager.default.createSymbolicLink(
        atPath: "\(home)/link.json", withDestinationPath: "a.json")
      let ran = try await KilnProcess.run(["validate", "--fix", "link.json"], in: home)
      #expect(ran.exit == 0)
      #expect(ran.stdout.hasPrefix("--- link.json\n+++ link.json\n@@ -2 +2 @@\n-\"source\""))
      #expect(ran.stdout.split(separator: "\n").count == 2 + 3 * 3)
      #expect(ran.stderr == "link.json: valid (0 errors, 0 warnings)\n")
      #expect(try String(contentsOf: file, encoding: .utf8) == Self.mended)
      let kept = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
      #expect(kept as? Int == 0o640)
      let again = try await KilnProcess.run(["validate", "--fix", "link.json"], in: home)
      #expect(again.stdout.isEmpty)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: home).filter {
          $0.contains(".kiln-")
        }.isEmpty)
    }
  }

  @Test func `a mend that would show an error is not made`() async throws {
    try await ScratchDirectory.with { home in
      let text = Self.mended.replacing("artifactTags\": {}", with: "aritfactTags\": 1")
      try Data(text.utf8).write(to: URL(filePath: "\(home)/a.json"))
      let ran = try await KilnProcess.run(["validate", "--fix", "a.json"], in: home)
      #expect(ran.exit == 0)
      #expect(ran.stdout.isEmpty)
      #expect(try String(contentsOfFile: "\(home)/a.json", encoding: .utf8) == text)
    }
  }

  @Test func `the service's verdict and words can be asked for`() async throws {
    try await ScratchDirectory.with { home in
      try Data(Self.loose.utf8).write(to: URL(filePath: "\(home)/a.json"))
      let ran = try await KilnProcess.run(["validate", "--as-service", "a.json"], in: home)
      #expect(ran.exit == 2)
      try Snapshot.said.expect(ran.stderr, matches: "validate-as-service")
      try Data(Self.mended.utf8).write(to: URL(filePath: "\(home)/a.json"))
      let mended = try await KilnProcess.run(["validate", "--as-service", "a.json"], in: home)
      #expect(mended.exit == 0)
      #expect(mended.stderr == "a.json: accepted\n")
    }
  }

  @Test func `strictly, what the service refuses is an error`() async throws {
    try await ScratchDirectory.with { home in
      try Data(Self.loose.utf8).write(to: URL(filePath: "\(home)/a.json"))
      #expect(try await KilnProcess.run(["validate", "a.json"], in: home).exit == 0)
      let strict = try await KilnProcess.run(["validate", "--strict", "a.json"], in: home)
      #expect(strict.exit == 2)
      #expect(strict.stderr.contains("error: properties.customize[0].Inline: "), "\(strict.stderr)")
      let new = Self.loose.replacing("2022-07-01", with: "2024-02-01")
      try Data(new.utf8).write(to: URL(filePath: "\(home)/b.json"))
      #expect(try await KilnProcess.run(["validate", "b.json"], in: home).exit == 2)
      #expect(try await KilnProcess.run(["validate", "--lenient", "b.json"], in: home).exit == 0)
      let both = try await KilnProcess.run(
        ["validate", "--lenient", "--strict", "b.json"], in: home)
      #expect(both.exit == 2)
    }
  }
}

/// The help, as users see it.
@Suite(.timeLimit(.minutes(2)))
struct HelpTests {
  @Test(arguments: [
    "", "build", "debug", "plan", "validate", "schema", "import packer", "sources", "runs", "show",
    "log", "cancel",
    "gc",
  ])
  func `help is on standard output`(_ command: String) async throws {
    try await ScratchDirectory.with { home in
      let words = command.split(separator: " ").map(String.init) + ["--help"]
      let ran = try await KilnProcess.run(words, in: home, environment: ["COLUMNS": "80"])
      #expect(ran.exit == 0)
      #expect(ran.stderr.isEmpty)
      try Snapshot.said.expect(
        ran.stdout,
        matches: command.isEmpty ? "help" : "help-\(command.replacing(" ", with: "-"))")
    }
  }

  @Test func `the version is on standard output`() async throws {
    try await ScratchDirectory.with { home in
      let ran = try await KilnProcess.run(["--version"], in: home)
      #expect(ran.exit == 0)
      #expect(ran.stdout.hasPrefix("kiln "))
    }
  }
}
