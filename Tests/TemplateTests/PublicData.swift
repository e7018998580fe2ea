import Foundation
import Template
import Testing

/// The public templates and API examples that lie beside the project.
enum PublicData {
  /// The folder; the environment's `KILN_DATA` wins over the place beside the package.
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["KILN_DATA"] {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return package.deletingLastPathComponent().appending(path: "shared/data")
  }()

  static let isThere = FileManager.default.fileExists(atPath: folder.path)

  /// What a run says when it could not use the data.
  static let absence: Comment =
    "SKIPPED: no public templates to test against; set KILN_DATA to the folder that has them"

  /// The JSON files below `folder`, in a stable order, by their path within it.
  static func files(below name: String) -> [(path: String, bytes: [UInt8])] {
    let root = folder.appending(path: name)
    let paths = (FileManager.default.enumerator(atPath: root.path)?.allObjects ?? [])
      .compactMap { $0 as? String }
      .filter { $0.hasSuffix(".json") }
      .sorted()
    return paths.compactMap { path in
      FileManager.default.contents(atPath: root.appending(path: path).path)
        .map { (path: path, bytes: Array($0)) }
    }
  }
}
