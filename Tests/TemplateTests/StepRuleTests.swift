import Testing

@testable import Template

/// What the service takes, and its machines do not do as the template hopes.
struct StepRuleTests {
  @Test(arguments: ["sudo reboot", "reboot", "/sbin/reboot", "shutdown -r now", "systemctl reboot"])
  func `a restart in a Shell step is told`(line: String) {
    let reading = readStep(#"{"type": "Shell", "inline": ["true", "\#(line)"]}"#)
    #expect(reading.codes == [.restartInScript])
    #expect(reading.diagnostics.first?.path == "properties.customize[0].inline[1]")
  }

  @Test(arguments: ["# reboot", "echo reboot later", "touch /run/reboot-required", ""])
  func `what only speaks of a restart is not told`(line: String) {
    #expect(readStep(#"{"type": "Shell", "inline": ["\#(line)"]}"#).codes.isEmpty)
  }

  @Test(arguments: ["Restart-Computer -Force", "shutdown /r /t 0", "shutdown.exe -r"])
  func `a restart in a PowerShell step is told`(line: String) {
    let reading = readStep(#"{"type": "PowerShell", "inline": ["\#(line)"]}"#)
    #expect(reading.codes == [.restartInScript])
    #expect(reading.hints == ["make it a step of its own, of the type `WindowsRestart`"])
  }

  @Test(
    arguments: [
      ("/tmp/a", []), ("C:\\\\a\\\\b", []), ("%TEMP%\\\\a", []), ("/opt/a", [.outsideTmp]),
      ("a", [.noFullPath]), ("/tmp/", [.noFullPath]), ("c:\\\\a\\\\", [.noFullPath]),
      ("<where>", [.openPlaceholder]),
    ] as [(String, [Diagnostic.Code])])
  func `a destination is the whole path of a file`(path: String, codes: [Diagnostic.Code]) {
    let reading = readStep(#"{"type": "File", "sourceUri": "u", "destination": "\#(path)"}"#)
    #expect(reading.codes == codes)
  }

  @Test func `steps for Linux and for Windows do not go together`() {
    let reading = readStep(
      #"{"type": "Shell", "inline": ["a"]}, {"type": "WindowsRestart"}"#)
    #expect(reading.codes == [.mixedSystems])
    #expect(reading.diagnostics.first?.path == "properties.customize[1]")
    #expect(reading.template != nil)
  }

  @Test func `latest is no gallery version before 2022-07-01`() {
    let id =
      "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i/versions/"
    for (version, codes) in [("2022-02-14", [Diagnostic.Code.latestTooNew]), ("2022-07-01", [])] {
      let reading = SampleTemplate(
        apiVersion: #""apiVersion": "\#(version)","#,
        source: #"{"type": "SharedImageVersion", "imageVersionId": "\#(id)Latest"}"#
      ).reading
      #expect(reading.codes == codes)
    }
  }

  @Test func `storage is told where it counts for nothing`() {
    let id =
      "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i"
    let reading = readTarget(
      #"{"type": "SharedImage", "runOutputName": "o", "galleryImageId": "\#(id)", "#
        + #""storageAccountType": "Standard_LRS"}"#)
    #expect(reading.codes == [.uselessStorage])
  }

  @Test func `an ISO is a source of the previews, and of none since`() throws {
    let source =
      #"{"type": "ISO", "sourceURI": "u", "sha256Checksum": "\#(String(repeating: "a", count: 64))"}"#
    let version = #""apiVersion": "2019-02-01-preview","#
    let old = SampleTemplate(apiVersion: version, identity: "", source: source).reading
    #expect(old.codes == [.isoSource])
    guard case .iso(let image)? = old.template?.source else {
      Issue.record("the source is no ISO")
      return
    }
    #expect(image.uri == "u")
    #expect(SampleTemplate(source: source).reading.errors.count == 1)
  }
}

/// The manners in which a template is read.
struct StrictnessTests {
  private static let loose = #"{"type": "powerShell", "Inline": "a", "runElevated": "true"}"#

  private func codes(
    _ version: String, _ strictness: Strictness
  ) -> (errors: [Diagnostic.Code], warnings: [Diagnostic.Code]) {
    let text = SampleTemplate(
      apiVersion: #""apiVersion": "\#(version)","#, customize: "[\(Self.loose)]"
    ).text
    let reading = TemplateDocument.read(Array(text.utf8), named: "t.json", strictness)
    return (
      reading.diagnostics.filter { $0.severity == .error }.map(\.code),
      reading.diagnostics.filter { $0.severity == .warning }.map(\.code)
    )
  }

  @Test func `the api-version decides on names, and on nothing else`() {
    let old = codes("2023-07-01", .byVersion)
    #expect(old.errors.isEmpty)
    #expect(old.warnings == [.wordSpelling, .fieldSpelling, .looseType, .looseType])
    let new = codes("2024-02-01", .byVersion)
    #expect(new.errors == [.fieldSpelling])
    #expect(new.warnings == [.wordSpelling, .looseType, .looseType])
  }

  @Test func `strictly, all that the service refuses is an error`() {
    let strict = codes("2022-07-01", .strict)
    #expect(strict.errors == [.wordSpelling, .fieldSpelling, .looseType, .looseType])
    #expect(strict.warnings.isEmpty)
  }

  @Test func `leniently, names are warnings in every version`() {
    let lenient = codes("2024-02-01", .lenient)
    #expect(lenient.errors.isEmpty)
    #expect(lenient.warnings == [.wordSpelling, .fieldSpelling, .looseType, .looseType])
  }
}

/// What the service itself would say.
struct ServiceWordingTests {
  private func wordings(_ reading: TemplateReading) -> [String] {
    reading.diagnostics.compactMap(\.refusal?.wording)
  }

  @Test func `a missing field`() {
    #expect(
      wordings(SampleTemplate(identity: "").reading) == [
        "Validation failed: 'ImageTemplate': Missing field 'identity'. Please review "
          + "http://aka.ms/azvmimagebuildertmplref for details on fields required in the Image "
          + "Builder Template."
      ])
  }

  @Test func `a bad value in an object and in an array`() {
    let source = SampleTemplate(source: #"{"type": "ManagedImage", "imageId": "/a//b"}"#).reading
    #expect(
      wordings(source) == [
        "Validation failed: 'ImageTemplate.properties.source': Field 'imageId' has a bad value: "
          + "'/a//b'. Please review  http://aka.ms/azvmimagebuildertmplref  for details on fields "
          + "requirements in the Image Builder Template."
      ])
    let target = readTarget(#"{"type": "vhd", "runOutputName": "o"}"#)
    #expect(
      wordings(target) == [
        "Validation failed: 'ImageTemplate.properties': Field 'distribute[0].type' has a bad value: "
          + "''. Please review  http://aka.ms/azvmimagebuildertmplref  for details on fields "
          + "requirements in the Image Builder Template."
      ])
  }

  @Test func `an unknown field since 2024-02-01`() {
    let reading = readProperties(#""optimize": {"vmboot": {}}"#, apiVersion: "2024-02-01")
    #expect(
      wordings(reading) == [
        "Unmarshalling entity encountered error: unmarshalling type *v2024_02_01.ImageTemplate: "
          + "struct field Properties: unmarshalling type *v2024_02_01.ImageTemplateProperties: "
          + "struct field Optimize: unmarshalling type "
          + "*v2024_02_01.ImageTemplatePropertiesOptimize: unmarshalling type "
          + "*v2024_02_01.ImageTemplatePropertiesOptimize, unknown field \"vmboot\". There is an "
          + "issue with the syntax with the JSON template you are submitting. Please check the JSON "
          + "template for syntax and grammar. For more information on the syntax and grammar of the "
          + "JSON template, visit http://aka.ms/azvmimagebuildertmplref."
      ])
  }

  @Test func `what the service takes is not among its words`() throws {
    let reading = readStep(#"{"type": "Shell", "inline": ["a"], "oddField": 1}"#)
    #expect(reading.diagnostics.map { $0.renderedAsService(in: "f") } == [nil])
    let loose = readStep(#"{"type": "Shell", "inline": "a"}"#).diagnostics
    let said = try #require(loose.first?.renderedAsService(in: "f"))
    #expect(said.hasPrefix("f:6:43: error: properties.customize[0].inline: must be an array"))
    #expect(
      said.hasSuffix("(the service refuses this; its words for it are not public) [KILN-T020]"))
  }
}
