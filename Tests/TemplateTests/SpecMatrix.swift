import Foundation

@testable import Template

/// The fields of the API by version, as Microsoft published them: `field-matrix.tsv`.
///
/// It knows nothing of Kiln's own schema, so that the two can be held against each other.
struct SpecMatrix {
  /// What the API says of a field.
  struct Entry {
    enum Kind: Equatable {
      case string, bool, object, objects, strings, integers, other
      case integer(least: Int, most: Int?)
      case words([String])
      case name(dots: Bool)
    }

    let kind: Kind
    let isRequired: Bool
    let isReadOnly: Bool

    init(_ text: String) {
      isRequired = text.hasSuffix(" REQ")
      isReadOnly = text.hasSuffix(" RO")
      let type = text.replacing(" REQ", with: "").replacing(" RO", with: "")
      switch type {
      case "string": kind = .string
      case "bool": kind = .bool
      case "object": kind = .object
      case "object[]": kind = .objects
      case "string[]": kind = .strings
      case "int[]": kind = .integers
      case _ where type.hasPrefix("'"):
        let words = type.split(separator: "|").filter { $0 != "string" }
        kind = .words(words.map { $0.trimmingCharacters(in: ["'"]) })
      case _ where type.hasPrefix("int["):
        let limits = type.dropFirst(4).dropLast().split(separator: "..")
        kind = .integer(least: Int(limits[0]) ?? 0, most: limits.count > 1 ? Int(limits[1]) : nil)
      case _ where type.hasPrefix("string /"): kind = .name(dots: type.contains("_.]"))
      default: kind = .other
      }
    }
  }

  /// The entries of each version, by paths as in `properties.customize[]<Shell>.inline`.
  let entries: [APIVersion: [String: Entry]]

  init() throws {
    let file = PublicData.folder.appending(path: "aib-spec/field-matrix.tsv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let versions = lines[0].split(separator: "\t").dropFirst().map(String.init)
    var entries: [APIVersion: [String: Entry]] = [:]
    for line in lines.dropFirst() where line.hasPrefix("imageTemplates:.") {
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
      let path = String(cells[0].dropFirst("imageTemplates:.".count))
      for (version, cell) in zip(versions, cells.dropFirst()) where !cell.isEmpty {
        guard let version = APIVersion(rawValue: version) else { continue }
        entries[version, default: [:]][path] = Entry(String(cell))
      }
    }
    self.entries = entries
  }

  /// The names of the fields directly below an object, each with its whole path.
  func fields(below path: String, in version: APIVersion) -> [String: Entry] {
    let prefix = path.isEmpty ? "" : "\(path)."
    let all = entries[version] ?? [:]
    return all.reduce(into: [:]) { found, entry in
      guard entry.key.hasPrefix(prefix) else { return }
      let rest = entry.key.dropFirst(prefix.count)
      if !rest.contains(where: { ".<[{".contains($0) }) { found[String(rest)] = entry.value }
    }
  }

  /// The kinds of an object of several kinds, as in `Shell`.
  func kinds(of path: String, in version: APIVersion) -> Set<String> {
    let names = (entries[version] ?? [:]).keys.compactMap { key -> String? in
      guard key.hasPrefix("\(path)<") else { return nil }
      return String(key.dropFirst(path.count + 1).prefix { $0 != ">" })
    }
    return Set(names)
  }
}
