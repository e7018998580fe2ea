import Digests
import Testing

@testable import Template

private let hex = String(repeating: "0a", count: 32)

private func action(_ step: String) -> Customizer.Action? {
  readStep(step).template?.customizers.first?.action
}

private func options(_ fields: String) -> PowerShellOptions? {
  guard
    case .powerShell(_, let options) = action(#"{"type": "PowerShell", "inline": ["x"]\#(fields)}"#)
  else { return nil }
  return options
}

@Suite struct CustomizerTests {
  @Test func `a step knows its name, its place in the list and in the text`() throws {
    let steps =
      #"{"type": "Shell", "inline": ["a"]}, {"type": "Shell", "name": "n", "scriptUri": "u"}"#
    let step = try #require(readStep(steps).template?.customizers.last)
    #expect(step.name == "n")
    #expect(step.index == 1)
    #expect(step.position == SourcePosition(line: 6, column: 51))
    #expect(step.contentPosition == SourcePosition(line: 6, column: 95))
    #expect(step.action == .shell(.uri("u", sha256: nil)))
  }

  @Test func `names may repeat`() {
    let step = #"{"type": "Shell", "name": "n", "inline": ["a"]}"#
    #expect(readStep("\(step), \(step)").diagnostics.isEmpty)
  }

  @Test func `no steps at all are allowed`() {
    let reading = SampleTemplate(customize: "null").reading
    #expect(reading.diagnostics.isEmpty)
    #expect(reading.template?.customizers.isEmpty == true)
  }

  @Test func `an unknown type is an error with a suggestion and the known ones`() {
    let reading = readStep(#"{"type": "WindowsRestrat"}"#)
    #expect(reading.errors == ["properties.customize[0].type: `WindowsRestrat` is not known here"])
    #expect(reading.hints[0].hasPrefix("did you mean `WindowsRestart`? it is one of `Shell`,"))
  }

  @Test func `a missing type is an error with the known ones`() {
    let reading = readStep(#"{"inline": ["a"]}"#)
    #expect(reading.errors == ["properties.customize[0]: a customizer needs the field `type`"])
    #expect(reading.hints[0].contains("`PowerShell`"))
  }

  @Test func `a type in another case is read with a warning`() {
    let reading = readStep(#"{"type": "powershell", "inline": ["a"]}"#)
    #expect(
      reading.warnings == [
        "properties.customize[0].type: `powershell` must be written `PowerShell`"
      ])
    #expect(reading.template?.customizers.first?.action.type == "PowerShell")
  }

  @Test func `a type of a later version is read with a warning`() {
    let reading = readStep(#"{"type": "WindowsUpdate"}"#, apiVersion: "2019-05-01-preview")
    #expect(
      reading.warnings.filter { $0.contains("customize") } == [
        "properties.customize[0].type: `WindowsUpdate` exists from api-version 2020-02-14 on, "
          + "and the template says 2019-05-01-preview"
      ])
  }

  @Test(arguments: ["5", "\"x\"", "[]"])
  func `a step that is no object is an error`(step: String) {
    #expect(readStep(step).errors.count == 1)
  }
}

@Suite struct ScriptTests {
  @Test func `inline as one string is an array of one, with a warning`() {
    let reading = readStep(#"{"type": "Shell", "inline": "true"}"#)
    #expect(reading.template?.customizers.first?.action == .shell(.inline(["true"])))
    #expect(
      reading.warnings == [
        "properties.customize[0].inline: must be an array, not the string `true`: "
          + "it is read as an array of one"
      ])
  }

  @Test(arguments: ["", #", "inline": []"#, #", "scriptUri": """#, #", "inline": null"#])
  func `a step with nothing to run is an error`(fields: String) {
    #expect(
      readStep(#"{"type": "Shell"\#(fields)}"#).errors == [
        "properties.customize[0]: a Shell step needs `inline` or `scriptUri`: it has nothing to run"
      ])
  }

  @Test func `both inline and scriptUri are an error, for only one could run`() {
    let reading = readStep(#"{"type": "Shell", "inline": ["a"], "scriptUri": "u"}"#)
    #expect(
      reading.errors == [
        "properties.customize[0].scriptUri: a Shell step has both `inline` and `scriptUri`: "
          + "only one can run"
      ])
  }

  @Test func `an empty scriptUri beside inline is no second script`() {
    #expect(readStep(#"{"type": "Shell", "inline": ["a"], "scriptUri": ""}"#).diagnostics.isEmpty)
  }

  @Test func `script for scriptUri is recognised`() {
    let reading = readStep(#"{"type": "Shell", "script": "u"}"#)
    #expect(reading.hints == ["it is called `scriptUri` now"])
    #expect(reading.template == nil)
  }

  @Test func `a line that is no text is an error`() {
    #expect(
      readStep(#"{"type": "Shell", "inline": ["a", 5]}"#).errors == [
        "properties.customize[0].inline[1]: must be a string, not the number `5`"
      ])
  }

  @Test(arguments: [hex, hex.uppercased()])
  func `a checksum is read in either case`(text: String) {
    let step = #"{"type": "Shell", "scriptUri": "u", "sha256Checksum": "\#(text)"}"#
    #expect(action(step) == .shell(.uri("u", sha256: SHA256Digest(hex: hex))))
  }

  @Test func `an empty checksum is none`() {
    let step = #"{"type": "Shell", "scriptUri": "u", "sha256Checksum": ""}"#
    #expect(action(step) == .shell(.uri("u", sha256: nil)))
  }

  @Test(arguments: ["abc", String(repeating: "g", count: 64)])
  func `any other checksum is an error`(text: String) {
    let reading = readStep(#"{"type": "Shell", "scriptUri": "u", "sha256Checksum": "\#(text)"}"#)
    #expect(reading.errors.count == 1)
    #expect(reading.errors[0].hasSuffix("is no SHA-256 checksum: it must be 64 hexadecimal digits"))
  }

  @Test func `a checksum beside inline is a warning`() {
    let reading = readStep(#"{"type": "Shell", "inline": ["a"], "sha256Checksum": "\#(hex)"}"#)
    #expect(reading.warnings.count == 1)
    #expect(reading.template != nil)
  }

  @Test func `a description shows no signature`() {
    #expect("\(Script.uri("https://h/s?sig=x", sha256: nil))" == "https://h/s?…")
    let file = FileTransfer(sourceURI: "https://h/f?sig=x", sha256: nil, destination: "/d")
    #expect("\(file)" == "https://h/f?… to /d")
  }
}

@Suite struct PowerShellTests {
  @Test func `a script runs as the build user and must end with 0 by default`() {
    #expect(options("") == PowerShellOptions(privilege: .user, validExitCodes: [0]))
  }

  @Test func `elevated and system are two steps up`() {
    #expect(options(#", "runElevated": true"#)?.privilege == .elevated)
    #expect(options(#", "runElevated": true, "runAsSystem": true"#)?.privilege == .system)
  }

  @Test func `system without elevated has no effect, with a warning`() {
    let reading = readStep(#"{"type": "PowerShell", "inline": ["x"], "runAsSystem": true}"#)
    #expect(
      reading.warnings == [
        "properties.customize[0].runAsSystem: `runAsSystem` counts only with `runElevated`: "
          + "the script runs as the build user"
      ])
    #expect(options(#", "runAsSystem": true"#)?.privilege == .user)
  }

  @Test(arguments: ["true", "True", "TRUE"])
  func `a flag between quotes is read with a warning`(text: String) {
    let reading = readStep(#"{"type": "PowerShell", "inline": ["x"], "runElevated": "\#(text)"}"#)
    #expect(reading.warnings.count == 1)
    #expect(options(#", "runElevated": "\#(text)""#)?.privilege == .elevated)
  }

  @Test(arguments: ["\"yes\"", "1", "[]"])
  func `a flag that is neither true nor false is an error`(value: String) {
    #expect(
      readStep(#"{"type": "PowerShell", "inline": ["x"], "runElevated": \#(value)}"#).errors.count
        == 1)
  }

  @Test(arguments: [("[0, 3010]", 0), (#"["0", "3010"]"#, 2)])
  func `exit codes are numbers, between quotes with a warning`(value: String, warnings: Int) {
    let reading = readStep(#"{"type": "PowerShell", "inline": ["x"], "validExitCodes": \#(value)}"#)
    #expect(reading.warnings.count == warnings)
    #expect(options(#", "validExitCodes": \#(value)"#)?.validExitCodes == [0, 3010])
  }

  @Test func `no exit codes mean 0`() {
    #expect(options(#", "validExitCodes": []"#)?.validExitCodes == [0])
  }

  @Test func `an exit code that is no number is an error`() {
    #expect(
      readStep(#"{"type": "PowerShell", "inline": ["x"], "validExitCodes": ["ok"]}"#).errors == [
        "properties.customize[0].validExitCodes[0]: must be a whole number, not the string `ok`"
      ])
  }

  @Test func `valid_exit_codes is recognised and ignored`() {
    let reading = readStep(#"{"type": "PowerShell", "inline": ["x"], "valid_exit_codes": [3010]}"#)
    #expect(reading.hints == ["did you mean `validExitCodes`?"])
    #expect(reading.template != nil)
  }

  @Test func `RunElevated is read with a warning`() {
    #expect(options(#", "RunElevated": true"#)?.privilege == .elevated)
  }
}

@Suite struct FileStepTests {
  @Test func `a file has a source, a checksum and a destination`() {
    let step =
      #"{"type": "File", "sourceUri": "u", "destination": "/tmp/x", "sha256Checksum": "\#(hex)"}"#
    #expect(
      action(step)
        == .file(
          FileTransfer(sourceURI: "u", sha256: SHA256Digest(hex: hex), destination: "/tmp/x")))
  }

  @Test(arguments: [
    (#""destination": "/d""#, "sourceUri"), (#""sourceUri": "u""#, "destination"),
  ])
  func `a file without one of both is an error`(fields: String, missing: String) {
    #expect(
      readStep(#"{"type": "File", \#(fields)}"#).errors == [
        "properties.customize[0]: a File step needs the field `\(missing)`"
      ])
  }

  @Test func `an empty destination is an error`() {
    #expect(readStep(#"{"type": "File", "sourceUri": "u", "destination": ""}"#).errors.count == 1)
  }
}
