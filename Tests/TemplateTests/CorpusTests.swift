import Foundation
import Testing

@testable import Template

@Suite(.enabled(if: PublicData.isThere, PublicData.absence))
struct CorpusTests {
  @Test func look() {
    for (path, bytes) in PublicData.files(below: "corpus") {
      let reading = TemplateDocument.read(bytes, named: path)
      let errors = reading.diagnostics.filter { $0.severity == .error }
      if errors.contains(where: { $0.message.contains("ARM deployment template") }) { continue }
      print("FILE", path, errors.count, reading.diagnostics.count)
      print(reading.renderedDiagnostics)
    }
    for (path, bytes) in PublicData.files(below: "aib-spec") where path.contains("examples/Create") {
      guard let body = JSONReader.read(bytes).value?.member("parameters")?.value.member("parameters")
      else { print("NOBODY", path); continue }
      guard let v = APIVersion(rawValue: String(path.prefix { $0 != "/" })) else { print("NOVERSION", path); continue }
      var d = TemplateDecoder(version: v)
      let t = d.template(body.value)
      print("EXAMPLE", path, t != nil)
      print(d.findings.sorted.map { $0.rendered(in: "x") }.joined(separator: "\n"))
    }
  }
}
