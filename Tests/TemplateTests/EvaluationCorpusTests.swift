import Testing

@testable import Template

/// The public ARM templates, evaluated.
@Suite(.enabled(if: PublicData.isThere, PublicData.absence))
struct EvaluationCorpusTests {
  /// What the files that evaluate have wrong beside: the end of each path, and the errors.
  private static let mistakes = [
    // Tutorials that have the reader fill something in with `sed`.
    "existingVNETWindowsAccessStor.json": "the placeholder `<scriptFileUrl>` is not filled in",
    "7_Creating_Custom_Win_Image_using_MSI_to_Access_Storage/helloImageTemplateMsi.json":
      "is not filled in",
    "MarksMultiverse__AzureImageBuilder/armTemplateWinSIG.json":
      "the placeholder `<URI to PowerShell Script>` is not filled in",
    // A source that the service has no more.
    "rhel_iso_image_deploy_mdi.json": "cannot start from an ISO",
    "rhel_iso_image_deploy_sigmdi.json": "cannot start from an ISO",
    "rhel_iso_image_deploy_sigvhd.json": "cannot start from an ISO",
    // `int` in place of a number.
    "JimMoyle__CloudImageBuilder/Templates/GenericTemplate.json":
      "must be a whole number, not the string `int`",
  ]

  /// The files that do not evaluate: they name scripts by the address that they are deployed from.
  private static let unevaluated = ["nataliakon__AzureImageBuilder-POC/archive/azuredeploy.json"]

  private struct Outcome {
    let path: String
    let errors: [Diagnostic]

    /// Errors other than that a value is needed that only the user has.
    var faults: [Diagnostic] { errors.filter { $0.code != .absentParameter } }
  }

  private static let outcomes: [Outcome] = PublicData.files(below: "corpus").compactMap { file in
    guard let root = JSONReader.read(file.bytes).value, TemplateDocument.isDeployment(root),
      root.holdsImageTemplate()
    else { return nil }
    let inputs = DeploymentInputs(site: ExpressionKit.site, purpose: .build)
    let reading = TemplateDocument.readAll(file.bytes, named: file.path, with: inputs)
    return Outcome(
      path: file.path, errors: reading.diagnostics.filter { $0.severity == .error })
  }

  @Test
  func `nearly all public deployment templates evaluate with no parameters but those that matter`()
  {
    let all = Self.outcomes
    let failed = all.filter { outcome in
      outcome.errors.contains { [.failedExpression, .onlyAzure, .openLoop].contains($0.code) }
    }
    let asking = all.filter { $0.errors.contains { $0.code == .absentParameter } }
    let share = Double(all.count - failed.count) / Double(all.count)
    print(
      "\(all.count - failed.count) of \(all.count) public deployment templates evaluate, "
        + "\(asking.count) of them ask for parameters; those that do not: \(failed.map(\.path))")
    #expect(all.count == 113, "the number of public deployment templates with an image template")
    #expect(share >= 0.95)
    #expect(failed.map(\.path).allSatisfy(Self.unevaluated.contains))
  }

  @Test func `what else is wrong with the public deployment templates is known`() {
    for outcome in Self.outcomes where !Self.unevaluated.contains(outcome.path) {
      let known = Self.mistakes.first { outcome.path.hasSuffix($0.key) }?.value
      for fault in outcome.faults {
        #expect(known.map(fault.message.contains) == true, "\(fault.rendered(in: outcome.path))")
      }
    }
  }

  @Test func `what a template needs is asked for all at once, by name, where it is declared`() {
    let path = "danielsollondon__azvmimagebuilder/armTemplates/azplatform_image_deploy_mdi.json"
    let asked = Self.outcomes.first { $0.path == path }?.errors ?? []
    #expect(asked.count > 3)
    #expect(asked.first?.rendered(in: "t.json").contains("`publisher`") == true)
    #expect(asked.allSatisfy { $0.hint?.hasPrefix("give it with `-p ") == true })
    #expect(Set(asked.map(\.position)).count == asked.count)
  }
}
