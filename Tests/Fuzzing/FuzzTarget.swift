internal import Foundation
internal import Template

/// Something that must take any bytes: without a crash, and soon.
package struct FuzzTarget: Sendable {
  /// What it is called on the command line.
  package let name: String
  /// Whole inputs to begin with, beside the public templates.
  let seeds: [String]
  /// Bytes that mean something to it.
  let pieces: [String]
  /// Makes a whole input where mutations of others seldom reach far; `nil` where they do.
  var make: (@Sendable (inout Dice) -> [UInt8])?
  /// Takes an input.
  /// - Returns: what is wrong with how it did, `nil` for nothing.
  let take: @Sendable ([UInt8]) -> String?

  /// Takes one input.
  /// - Returns: what is wrong with how it did, `nil` for nothing.
  package func run(_ input: [UInt8]) -> String? { take(input) }

  /// Every target: who reads what others write adds a line.
  package static let all: [FuzzTarget] = [reader, evaluator, validator, mender]

  private static let seeds = [
    #"{"apiVersion":"2025-10-01","location":"l","identity":{"type":"None"},"properties":{"#
      + #""source":{"type":"PlatformImage","publisher":"p","offer":"o","sku":"s","version":"1"},"#
      + #""customize":[{"type":"PowerShell","inline":["a"],"validExitCodes":[0,"3010"]},"#
      + #"{"type":"WindowsRestart","restartTimeout":"1h30m"}],"#
      + #""vmProfile":{"osDiskSizeGB":30,"vnetConfig":{}},"validate":{"inVMValidations":[]},"#
      + #""distribute":[{"type":"SharedImage","runOutputName":"o","targetRegions":[],"#
      + #""galleryImageId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/"#
      + #"galleries/g/images/i/versions/1.0.0"}]}}"#
  ]

  private static let pieces = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "//", "/*", "*/", "<x>", "null",
    "true", "-", "0", "1e9", "99999999999999999999", "-1", "'", "\n", "[parameters('x')]",
    "\"type\"", "\"Type\":", "\u{FEFF}", "é", "🜁", "\u{0}", "\u{1B}", "Shell", "sharedImage",
    "\"apiVersion\":\"2024-02-01\"", "5m", "1h1h1h",
  ]

  /// The JSON reader.
  private static let reader = FuzzTarget(name: "reader", seeds: seeds, pieces: pieces) { bytes in
    let (value, findings) = JSONReader.read(bytes)
    return (value == nil) == findings.hasErrors ? nil : "a value and an error, or neither"
  }

  /// Evaluating a deployment template, to check it and to build from it.
  private static let evaluator = FuzzTarget(
    name: "evaluator", seeds: ExpressionMaker.seeds, pieces: pieces + ExpressionMaker.pieces,
    make: { dice in ExpressionMaker.document(&dice) }
  ) { bytes in
    var site = DeploymentSite(secondsSince1970: 1_586_271_194)
    site.templateAddress = "https://example.com/t.json"
    let inputs = DeploymentInputs(
      site: site, purpose: bytes.count.isMultiple(of: 2) ? .check : .build)
    let reading = TemplateDocument.readAll(bytes, named: "f", with: inputs)
    let hasErrors = reading.diagnostics.contains { $0.severity == .error }
    guard hasErrors == reading.templates.isEmpty else {
      return "templates and an error, or neither"
    }
    guard reading.waves.joined().count == reading.templates.count else {
      return "templates without an order, and no error"
    }
    return fault(in: reading.diagnostics, of: bytes)
  }

  /// Reading a template, by each manner.
  private static let validator = FuzzTarget(
    name: "validator", seeds: seeds, pieces: pieces
  ) { bytes in
    let manners: [Strictness] = [.byVersion, .strict, .lenient]
    let reading = TemplateDocument.read(bytes, named: "f", manners[bytes.count % manners.count])
    let hasErrors = reading.diagnostics.contains { $0.severity == .error }
    guard hasErrors == (reading.template == nil) else {
      return "a template and an error, or neither"
    }
    return fault(in: reading.diagnostics, of: bytes)
  }

  /// What is wrong with how findings are told.
  private static func fault(in diagnostics: [Diagnostic], of bytes: [UInt8]) -> String? {
    let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
    for diagnostic in diagnostics {
      guard 1...lines ~= diagnostic.position.line else { return "a finding outside of the text" }
      let told = diagnostic.rendered(in: "f")
      guard told.utf8.count <= longestFinding else {
        return "a finding of \(told.utf8.count) bytes: \(told.prefix(300))"
      }
    }
    return nil
  }

  /// What nobody could read any more, in bytes.
  private static let longestFinding = 16 << 10

  /// Mending a template: what is mended once stays as it is but for what a mend brought to light.
  private static let mender = FuzzTarget(
    name: "mender", seeds: seeds, pieces: pieces
  ) { bytes in
    let reading = TemplateDocument.read(bytes, named: "f")
    let mended = Mend.apply(reading.mends, to: bytes)
    let lines = mended.count { $0 == UInt8(ascii: "\n") }
    guard lines == bytes.count(where: { $0 == UInt8(ascii: "\n") }) else {
      return "a mend changed the number of lines"
    }
    let again = TemplateDocument.read(mended, named: "f")
    let syntax = { (reading: TemplateReading) in
      reading.diagnostics.contains { $0.severity == .error && $0.code.rawValue.contains("-J") }
    }
    return syntax(again) && !syntax(reading) ? "a mend broke the text" : nil
  }
}
