import Testing

@testable import Template

/// Public files, and the verdict that their reading by hand came to.
@Suite(.enabled(if: PublicData.isThere, PublicData.absence))
struct VerdictTests {
  private static let corpus = PublicData.files(below: "corpus")

  @Test func `bodies of public templates have their verdict`() throws {
    let verdicts = Verdict.clean + Verdict.odd + Verdict.wrong
    for verdict in verdicts {
      let reading = try reading(of: verdict)
      let found = reading.diagnostics.filter { $0.code != .openPlaceholder }
        .map { Verdict.Oddity($0.position.line, $0.code) }
      #expect(found == verdict.oddities, "\(verdict.file)\n\(rendered(reading))")
      check(reading, verdict)
    }
    #expect(verdicts.count >= 35)
  }

  @Test func `deployment templates have their verdict`() throws {
    for verdict in Verdict.deployments {
      let reading = try reading(of: verdict)
      let found = Set(reading.diagnostics.map { Verdict.Oddity($0.position.line, $0.code) })
      let missing = Set(verdict.oddities).subtracting(found)
      #expect(missing.isEmpty, "\(verdict.file): \(missing)\n\(rendered(reading))")
      check(reading, verdict)
    }
    #expect(Verdict.deployments.count >= 15)
  }

  @Test func `the two broken files have a mistake of syntax at its line and column`() throws {
    let places = [
      "Azure Image Builder/armTemplateWinSIG.json": SourcePosition(line: 58, column: 15),
      "JohanVanneuville__WVDImagebuilder/armTemplateWVD.json":
        SourcePosition(line: 82, column: 21),
    ]
    for (file, place) in places {
      let (path, bytes) = try #require(Self.corpus.first { $0.path.hasSuffix(file) })
      let reading = TemplateDocument.read(bytes, named: path)
      #expect(reading.diagnostics.map(\.position) == [place], "\(file)")
    }
  }

  private func reading(of verdict: Verdict) throws -> DocumentReading {
    let found = Self.corpus.filter { $0.path.hasSuffix(verdict.file) }
    let (path, bytes) = try #require(found.first, "\(verdict.file)")
    #expect(found.count == 1, "\(verdict.file) is the end of \(found.count) paths")
    var inputs = DeploymentInputs(site: DeploymentSite(secondsSince1970: 0), purpose: .check)
    for (name, text) in verdict.given { inputs.set(parameter: name, to: text) }
    return TemplateDocument.readAll(bytes, named: path, with: inputs)
  }

  private func rendered(_ reading: DocumentReading) -> String {
    reading.diagnostics.map { $0.rendered(in: "") }.joined(separator: "\n")
  }

  private func check(_ reading: DocumentReading, _ verdict: Verdict) {
    #expect((reading.templates.count == 1) == verdict.isValid, "\(verdict.file)")
    let isRefused = reading.diagnostics.contains { $0.severity == .error || $0.refusal != nil }
    #expect(isRefused != verdict.isAccepted, "\(verdict.file)\n\(rendered(reading))")
  }
}
