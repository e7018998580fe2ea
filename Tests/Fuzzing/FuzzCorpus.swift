internal import Foundation

/// Files to begin with.
package enum FuzzCorpus {
  /// Larger files take most of the time, and hold nothing that smaller ones don't.
  private static let largest = 48 << 10

  /// The JSON files below folders, in a stable order.
  package static func files(below folders: [String]) -> [[UInt8]] {
    folders.flatMap { folder in
      (FileManager.default.enumerator(atPath: folder)?.allObjects ?? [])
        .compactMap { $0 as? String }.filter { $0.hasSuffix(".json") }.sorted()
        .compactMap { FileManager.default.contents(atPath: "\(folder)/\($0)") }
        .filter { $0.count <= largest }.map { [UInt8]($0) }
    }
  }
}
