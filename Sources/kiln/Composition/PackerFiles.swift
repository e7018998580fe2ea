import Foundation
import PackerImport
import Pipeline

/// The files of a Packer template, and what is around them.
struct PackerFiles {
  /// How long a script may be to be looked into.
  private static let longestScript = 256 * 1024

  /// The JSON template, or the HCL files that belong together.
  let templates: [PackerFile]
  /// The files of variables that Packer reads unasked.
  let variables: [PackerFile]
  /// The template's directory.
  private let root: String

  /// Reads a file, or the HCL files of a directory.
  init(_ path: String) throws {
    guard Self.isDirectory(path) else {
      templates = [try Self.read(path)]
      variables = []
      let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      root = parts.isEmpty ? "." : (parts == [""] ? "/" : parts.joined(separator: "/"))
      return
    }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    } catch {
      throw CommandFault(
        "could not read the directory `\(path)`: \(error.localizedDescription)", exit: .usage)
    }
    let directory = path.hasSuffix("/") ? String(path.dropLast()) : path
    let templates = names.filter { $0.hasSuffix(".pkr.hcl") }
    guard !templates.isEmpty else {
      throw CommandFault(
        "could not import `\(path)`: it has no files `*.pkr.hcl`",
        hint: "name the file itself if it is called otherwise", exit: .usage)
    }
    self.templates = try templates.map { try Self.read("\(directory)/\($0)") }
    variables = try names.filter {
      $0.hasSuffix(".auto.pkrvars.hcl") || $0.hasSuffix(".auto.pkrvars.json")
    }.map { try Self.read("\(directory)/\($0)") }
    root = directory
  }

  /// Reads one file.
  static func read(_ path: String) throws -> PackerFile {
    PackerFile(name: path, bytes: try TemplateFile.read(path))
  }

  /// What the template can ask for, with the result in the directory `result`; `nil` for the one
  /// that the command runs in.
  func surroundings(resultIn result: String?) -> Surroundings {
    var surroundings = Surroundings()
    surroundings.root = root
    surroundings.environment = ProcessInfo.processInfo.environment
    surroundings.look = Self.look
    let here = FileManager.default.currentDirectoryPath
    if let result { surroundings.base = Self.way(from: result, to: here) }
    return surroundings
  }

  /// What leads from one directory to another; empty for the same.
  private static func way(from start: String, to end: String) -> String {
    let start = start.split(separator: "/")
    let end = end.split(separator: "/")
    let common = zip(start, end).prefix { $0 == $1 }.count
    let up = Array(repeating: "..", count: start.count - common)
    return (up + end.dropFirst(common).map(String.init)).joined(separator: "/")
  }

  private static func look(_ path: String) -> Surroundings.Entry {
    if isDirectory(path) { return .directory }
    guard let handle = FileHandle(forReadingAtPath: path) else { return .missing }
    defer { try? handle.close() }
    // A file that can't be read is told when the template is planned.
    let bytes = try? handle.read(upToCount: longestScript)
    return .file(text: bytes.flatMap { String(validating: $0, as: UTF8.self) })
  }

  private static func isDirectory(_ path: String) -> Bool {
    var isDirectory = ObjCBool(false)
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }
}

/// A file that a command writes: all of it appears, or nothing does.
enum NewFile {
  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFault("could not write `\(path)`: \(error.localizedDescription)")
    }
  }
}
