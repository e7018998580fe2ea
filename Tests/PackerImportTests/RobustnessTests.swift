import Foundation
import Template
import Testing

@testable import PackerImport

/// Whatever the input is: no crash, no hang, and a result that can be read or none.
@Suite(.timeLimit(.minutes(3)))
struct RobustnessTests {
  /// Numbers that look random and are the same each time.
  private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  /// What a template consists of, and what it does not.
  private static let pieces: [String] = [
    "\"", "${", "}", "{", "[", "]", "(", ")", "=", ",", "\n", "<<EOT\n", "EOT\n", "{{", "}}", "`",
    "user", "var.x", "local.y", "null", "true", "12", "-", "?", ":", "for x in ", "...", "%{", "\\",
    "\\u0000", "/*", "#", "'", "<a>", "[f(x)]", "🙂", "\u{0}", "\t", "azure-arm", "shell", "sysprep",
    "provisioner \"shell\" {", "inline = [\"a\"]", "waagent -deprovision+user", "image_version",
    "override = {", "timestamp()", "lookup(", "merge(", "null", "\r\n", "scripts", "env", "..",
  ]

  /// Changes a text at some places.
  private static func mutated(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &dice) where !bytes.isEmpty {
      let start = Int.random(in: 0..<bytes.count, using: &dice)
      let length = min(Int.random(in: 0...12, using: &dice), bytes.count - start)
      switch Int.random(in: 0..<4, using: &dice) {
      case 0: bytes.removeSubrange(start..<start + length)
      case 1: bytes.insert(contentsOf: bytes[start..<start + length], at: start)
      case 2: bytes[start] = UInt8.random(in: 0...255, using: &dice)
      default:
        let piece = Self.pieces.randomElement(using: &dice) ?? ""
        bytes.replaceSubrange(start..<start + length, with: Array(piece.utf8))
      }
    }
    return bytes
  }

  @Test(arguments: [
    "linux-runner", "windows-desktop", "gallery", "json-linux", "json-windows", "qemu",
  ])
  func `a changed template is imported to one that can be read, or refused`(name: String) throws {
    let project = try Fixture.project(name)
    var dice = Dice(state: UInt64(name.count))
    var results = 0
    for _ in 0..<1500 {
      var files = project.templates
      let index = Int.random(in: 0..<files.count, using: &dice)
      let bytes = Self.mutated(files[index].bytes, &dice)
      files[index] = PackerFile(name: files[index].name, bytes: bytes)
      var changed = PackerProject(templates: files)
      changed.variableFiles = project.variableFiles
      let outcome = changed.imported()
      guard let template = outcome.template else {
        #expect(!outcome.errors.isEmpty)
        // A result that is not valid must never come from a template that was understood.
        #expect(
          !outcome.errors.contains { $0.hasPrefix("the result would not be valid") },
          "\(outcome.errors)")
        continue
      }
      results += 1
      #expect(TemplateDocument.read(template, named: "r").template != nil)
    }
    #expect(results > 100)
  }

  @Test func `a text of pieces is refused or read, and quickly`() {
    var dice = Dice(state: 7)
    let clock = ContinuousClock()
    for _ in 0..<3000 {
      let count = Int.random(in: 1...60, using: &dice)
      let text = (0..<count).map { _ in Self.pieces.randomElement(using: &dice) ?? "" }.joined()
      let time = clock.measure {
        _ = Import(hcl: text).outcome
        _ = Import(json: text).outcome
      }
      #expect(time < .seconds(2))
    }
  }
}
