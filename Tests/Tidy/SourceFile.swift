import Foundation
import TestSupport
import Testing

/// A place where a house rule is broken.
struct Violation: CustomStringConvertible {
  let description: String

  init(_ file: SourceFile, _ line: Int, _ what: String) {
    description = "\(file.path):\(line): \(what)"
  }

  init(_ path: String, _ what: String) {
    description = "\(path):1: \(what)"
  }
}

/// Records each violation as an issue of its own.
func expectNone(_ violations: [Violation]) {
  for violation in violations { Issue.record(Comment(rawValue: violation.description)) }
}

/// A Swift file and its lines.
struct SourceFile {
  /// The path from the package's directory.
  let path: String
  let lines: [Substring]

  init(path: String, text: String) {
    self.path = path
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    self.lines = lines
  }

  /// The Swift files below folders of the package.
  static func all(in folders: [String]) throws -> [SourceFile] {
    try folders.flatMap { try paths(below: $0) }.filter { $0.hasSuffix(".swift") }.map {
      SourceFile(
        path: $0, text: try String(contentsOfFile: "\(packageRoot)/\($0)", encoding: .utf8))
    }
  }

  /// The files below a folder of the package, in order; none where there is no such folder.
  static func paths(below folder: String) throws -> [String] {
    let root = "\(packageRoot)/\(folder)"
    guard FileManager.default.fileExists(atPath: root) else { return [] }
    var directory: ObjCBool = false
    return try FileManager.default.subpathsOfDirectory(atPath: root).sorted().filter {
      FileManager.default.fileExists(atPath: "\(root)/\($0)", isDirectory: &directory)
        && !directory.boolValue
    }.map { "\(folder)/\($0)" }
  }

  /// The lines with their numbers, from 1.
  var numbered: [(Int, Substring)] { lines.enumerated().map { ($0 + 1, $1) } }

  /// The module that the file is of.
  var module: String? {
    if path.hasPrefix("deprovision/") { return "Deprovision" }
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }

  static func withoutComment(_ line: Substring) -> Substring {
    guard let comment = line.firstRange(of: "//") else { return line }
    return line[..<comment.lowerBound]
  }

  /// How many lines a declaration has up to its closing brace, which is the first at its own
  /// indentation; 1 where it has no body.
  func lengthOfBlock(at number: Int, indentation: Int) -> Int {
    var opened = false
    for (current, line) in numbered.dropFirst(number - 1) {
      let code = line.drop { $0 == " " }
      guard line.count - code.count <= indentation, !code.isEmpty else { continue }
      if opened, code.hasPrefix("}") { return current - number + 1 }
      if code.hasSuffix("{") { opened = true }
      let goesOn = current == number || code.hasPrefix(")") || code.hasPrefix("where")
      if !opened, !goesOn { return 1 }
    }
    return 1
  }
}
