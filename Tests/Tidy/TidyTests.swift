import Foundation
import TestSupport
import Testing

/// The house rules that the compiler and the formatter do not know.
struct TidyTests {
  @Test func `modules see only what the design lets them see`() throws {
    let files = try SourceFile.all(in: ["Sources", "deprovision"])
    #expect(!files.isEmpty)
    expectNone(try files.flatMap(importViolations))
  }

  @Test func `files and functions stay short`() throws {
    expectNone(
      try SourceFile.all(in: ["Sources", "Tests", "deprovision"]).flatMap(sizeViolations))
  }

  @Test func `sources have no word that stands for unfinished or unsafe work`() throws {
    let files = try SourceFile.all(in: ["Sources", "deprovision"])
    expectNone(try bannedWords.flatMap { word in try files.flatMap(word.violations) })
  }

  @Test func `every script can be run and says by what`() throws {
    // What lies in a directory of a script's own is no script by itself.
    let scripts = try (SourceFile.paths(below: "scripts") + SourceFile.paths(below: ".ci"))
      .filter { !$0.contains(".d/") }
    #expect(scripts.contains("scripts/check"))
    expectNone(
      try scripts.flatMap { path in
        let file = "\(packageRoot)/\(path)"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let runs = FileManager.default.isExecutableFile(atPath: file)
        return [
          runs ? nil : Violation(path, "can't be run: chmod 755 \(path)"),
          text.hasPrefix("#!") ? nil : Violation(path, "has no #! line: begin it with one"),
        ].compactMap(\.self)
      })
  }

  @Test func `decisions are numbered from 0001 without a gap`() throws {
    let decisions = try SourceFile.paths(below: "docs/decisions").filter { $0.hasSuffix(".md") }
    expectNone(
      decisions.enumerated().compactMap { index, path in
        let number = String(format: "%04d-", index + 1)
        return path.hasPrefix("docs/decisions/\(number)")
          ? nil : Violation(path, "is not the next number: name it \(number)…")
      })
  }

  @Test(arguments: [
    "let x = try! y()", "  Task { await x() }", "print(1)", "// TODO: later", "x = y as! Z",
    "struct KeyManager {", "enum StringUtils {", "Task.detached(priority: .low)", "usleep(3)",
    "fatalError(\"no\")",
  ])
  func `a banned word is found`(_ line: String) throws {
    let file = SourceFile(path: "Sources/SSH/A.swift", text: "\n\(line)\n")
    let found = try bannedWords.flatMap { try $0.violations(in: file) }.map(\.description)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("Sources/SSH/A.swift:2: has `") == true)
  }

  @Test(arguments: [
    "group.addTask {", "log.print(1)", "// no fatalError( here", "blueprint(1)",
    "try await Task.sleep(for: pause)",
  ])
  func `a harmless word is let through`(_ line: String) throws {
    let file = SourceFile(path: "Sources/SSH/A.swift", text: line)
    #expect(try bannedWords.flatMap { try $0.violations(in: file) }.isEmpty)
  }

  @Test(arguments: [
    ("SSH", "import Template", 1), ("SSH", "import CSSH2", 1), ("SSH", "internal import CCurl", 1),
    ("SSH", "internal import CSSH2", 0), ("Pipeline", "public import Template", 0),
    ("Pipeline", "public import struct SSH.Host", 1), ("Nowhere", "", 1),
    ("SSH", "import Glibc", 0),
  ])
  func `an import against the table is found`(
    _ module: String, _ line: String, _ count: Int
  ) throws {
    let file = SourceFile(path: "Sources/\(module)/A.swift", text: line)
    #expect(try importViolations(in: file).count == count)
  }

  @Test(arguments: [(58, 0), (59, 1)])
  func `a function that is too long is found`(_ lines: Int, _ count: Int) throws {
    for start in ["  func a() {", "  public static func a<B>(\n    b: B\n  ) async throws {"] {
      let extra = start.contains("\n") ? 2 : 0
      let body = String(repeating: "    work()\n", count: lines - extra)
      let text = "struct S {\n\(start)\n\(body)  }\n}\n"
      #expect(try sizeViolations(in: SourceFile(path: "A.swift", text: text)).count == count)
    }
  }
}
