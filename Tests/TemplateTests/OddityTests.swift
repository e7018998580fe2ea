import Testing

@testable import Template

/// Every oddity of the public templates has a verdict: in a small template, and in a public file
/// where one is here.
@Suite struct OddityTests {
  private static let all =
    CommonOddity.syntax + CommonOddity.names + CommonOddity.values + CommonOddity.rules

  @Test(arguments: all)
  func `something odd that public templates do has its verdict`(oddity: CommonOddity) {
    let reading = read(oddity.text)
    #expect(reading.codes == oddity.codes, "\(reading.renderedDiagnostics)")
    #expect((reading.template != nil) == oddity.isBuilt)
    let refused = reading.diagnostics.contains { $0.severity == .error || $0.refusal != nil }
    let isAccepted = oddity.isBuilt && !refused
    #expect(isAccepted == oddity.isAccepted, "\(reading.renderedDiagnostics)")
  }

  @Test func `a loop in a property is gone round`() {
    let text = DeploymentKit.image().replacing(
      #""customize": [],"#,
      with:
        #""copy": [{"name": "customize", "count": 2, "input": {"type": "Shell", "inline": ["a"]}}],"#
    )
    #expect(DeploymentKit().read(text).templates.first?.template.customizers.count == 2)
  }

  @Test func `the public files that have an oddity have a verdict`() {
    let verdicts = Verdict.clean + Verdict.odd + Verdict.wrong + Verdict.deployments
    for oddity in Self.all {
      guard let file = oddity.file else { continue }
      #expect(verdicts.contains { $0.file.hasSuffix(file) }, "\(oddity): \(file)")
    }
    #expect(Self.all.count { $0.file != nil } >= 20)
  }
}
