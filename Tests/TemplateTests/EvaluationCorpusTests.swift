import Testing

@testable import Template

/// The public ARM templates, evaluated.
@Suite(.enabled(if: PublicData.isThere, PublicData.absence))
struct EvaluationCorpusTests {
  @Test func `nearly all public deployment templates evaluate without a parameter`() {
    var evaluated = 0
    var asked = 0
    var failed: [String] = []
    for file in PublicData.files(below: "corpus") {
      guard let root = JSONReader.read(file.bytes).value, TemplateDocument.isDeployment(root),
        root.holdsImageTemplate()
      else { continue }
      let inputs = DeploymentInputs(site: ExpressionKit.site, purpose: .build)
      let reading = TemplateDocument.readAll(file.bytes, named: file.path, with: inputs)
      let errors = reading.diagnostics.filter { $0.severity == .error }
      if errors.isEmpty {
        evaluated += 1
      } else if errors.allSatisfy({ $0.message.hasPrefix("the build depends on the parameter") }) {
        asked += 1
        print("\(file.path): \(errors.map(\.message))")
      } else {
        failed.append(file.path + "\n" + errors.map { $0.rendered(in: "") }.joined(separator: "\n"))
      }
    }
    print(evaluated, asked, failed.count)
    print(failed.joined(separator: "\n"))
    #expect(evaluated > 100)
  }
}
