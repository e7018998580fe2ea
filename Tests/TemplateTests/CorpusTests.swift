import Testing

@testable import Template

/// Public templates, as people wrote them, and the API's own examples.
@Suite(.enabled(if: PublicData.isThere, PublicData.absence))
struct CorpusTests {
  /// The bare bodies with an error that is right: the end of each path, and the error.
  private static let rightErrors = [
    // A tutorial that has the reader fill the address in with `sed`.
    "7_Creating_Custom_Image_using_MSI_to_Access_Storage/helloImageTemplateMsi.json":
      "the placeholder `<scriptUrl>` is not filled in",
    // A field of 2019-02-01-preview in a template of 2019-05-01-preview: the script has no address.
    "0_Creating_a_Custom_SLES_Managed_Image/SLESImageTemplateLinux.json":
      "a Shell step needs `inline` or `scriptUri`: it has nothing to run",
    // Only one of the two could run, and nobody can tell which.
    "dlhansford__azImageBuilder/wvdimagebuilder2.json":
      "a PowerShell step has both `inline` and `scriptUri`: only one can run",
  ]

  /// The files that are neither a bare body of an image template nor a deployment template.
  private static let otherDocuments = [
    // Forms of the Azure portal.
    "workload/portal-ui/portal-ui-custom-image.json": "it has no field `properties`",
    "jamasten__AzureImageBuilderAutomation/uiDefinition.json": "it has no field `properties`",
    // Broken JSON: a placeholder without quotes, and an object that is closed twice.
    "workshop/Azure Image Builder/armTemplateWinSIG.json": "expected a value, not `<region>`",
    "JohanVanneuville__WVDImagebuilder/armTemplateWVD.json": "expected a value or `]`, not `}`",
  ]

  /// All but the ARM deployment templates, which `EvaluationCorpusTests` evaluates.
  private static let corpus = PublicData.files(below: "corpus").filter { file in
    JSONReader.read(file.bytes).value.map { !TemplateDocument.isDeployment($0) } ?? true
  }.map { file in
    TemplateDocument.read(file.bytes, named: file.path)
  }

  @Test func `every bare body is read, or has an error that is right`() {
    var accepted = 0
    for reading in Self.corpus {
      let known = Self.rightErrors.merging(Self.otherDocuments) { first, _ in first }
      let reason = known.first { reading.file.hasSuffix($0.key) }?.value
      if let reason {
        #expect(reading.errors.count == 1, "\(reading.file)")
        #expect(reading.errors.first?.contains(reason) == true, "\(reading.file)")
      } else {
        #expect(reading.errors.isEmpty, "\(reading.renderedDiagnostics)")
        accepted += 1
      }
    }
    #expect(accepted == 65, "the number of public bare bodies that are read")
  }

  @Test func `every example of the API since its last preview is read`() throws {
    var count = 0
    for file in PublicData.files(below: "aib-spec")
    where file.path.contains("examples/CreateImageTemplate") {
      let version = try #require(APIVersion(rawValue: String(file.path.prefix { $0 != "/" })))
      // The earlier previews have `script` for `scriptUri`, and an ISO as their source.
      guard version >= .v2019_05_01_preview else { continue }
      let example = try #require(JSONReader.read(file.bytes).value)
      let body = try #require(example.member("parameters")?.value.member("parameters")?.value)
      var decoder = TemplateDecoder(version: version)
      #expect(decoder.template(body) != nil, "\(file.path): \(decoder.findings.sorted)")
      count += 1
    }
    #expect(count == 16, "the number of examples")
  }
}
