import Foundation
import TestSupport
import Testing

/// The codes of diagnostics: users search for them, so each is one thing, and explained.
struct DiagnosticCodeTests {
  private static let page = "docs/diagnostics.md"

  /// A code as the source declares it.
  private struct Declaration {
    let name: String
    let code: String
    let file: SourceFile
    let line: Int
  }

  private func declarations(_ files: [SourceFile]) throws -> [Declaration] {
    let pattern = /static let (\w+) = Self\(rawValue: "(KILN-[A-Z]\d{3})"\)/
    return files.flatMap { file in
      file.numbered.compactMap { number, line in
        line.firstMatch(of: pattern).map {
          Declaration(name: String($0.1), code: String($0.2), file: file, line: number)
        }
      }
    }
  }

  @Test func `each code is declared once, and each is used`() throws {
    let files = try SourceFile.all(in: ["Sources"])
    let declared = try declarations(files)
    #expect(!declared.isEmpty)
    var seen: [String: Declaration] = [:]
    for declaration in declared {
      if let other = seen.updateValue(declaration, forKey: declaration.code) {
        expectNone([
          Violation(
            declaration.file, declaration.line,
            "has \(declaration.code), which is that of `\(other.name)` already: take another")
        ])
      }
      let use = try Regex("\\.\(declaration.name)\\b")
      let isUsed = files.contains { file in
        file.module == declaration.file.module && file.path != declaration.file.path
          && file.lines.contains { SourceFile.withoutComment($0).contains(use) }
      }
      if !isUsed {
        expectNone([
          Violation(
            declaration.file, declaration.line,
            "has \(declaration.code), which nothing tells: remove it, here and in \(Self.page)")
        ])
      }
    }
  }

  @Test func `each code is explained, and no other`() throws {
    let text = try String(contentsOfFile: "\(packageRoot)/\(Self.page)", encoding: .utf8)
    let sections = text.split(separator: "\n### ").dropFirst().map { section in
      let lines = section.split(separator: "\n", maxSplits: 1)
      return (code: String(lines[0]), text: lines.count > 1 ? lines[1] : "")
    }
    let explained = sections.map(\.code)
    let declared = Set(try declarations(SourceFile.all(in: ["Sources"])).map(\.code))
    expectNone(
      declared.subtracting(explained).sorted().map {
        Violation(Self.page, "does not explain \($0): say why it is told, and how to mend it")
      })
    expectNone(
      Set(explained).subtracting(declared).sorted().map {
        Violation(Self.page, "explains \($0), which nothing tells: remove it")
      })
    #expect(explained.count == Set(explained).count)
    for section in sections { #expect(section.text.count > 20, "\(section.code) says nothing") }
  }
}
