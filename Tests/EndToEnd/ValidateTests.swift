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
      // The rest: 114 deployment templates and the seven of `CorpusTests`.
      #expect(reports.count { $0.valid } == 65)
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
}

/// The help, as users see it.
@Suite(.timeLimit(.minutes(2)))
struct HelpTests {
  @Test(arguments: [
    "", "build", "debug", "plan", "validate", "import packer", "sources", "runs", "show", "log", "cancel",
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
