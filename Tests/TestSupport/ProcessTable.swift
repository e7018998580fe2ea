internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#endif

/// A process as `/proc` shows it at one moment.
struct ProcessEntry: Sendable {
  let id: pid_t
  let parent: pid_t
  /// The name of its executable, at most 15 bytes.
  let name: String
}

/// The processes that run at this moment; zombies, which have ended, are left out.
struct ProcessTable: Sendable {
  let entries: [ProcessEntry]

  init() throws {
    entries = try FileManager.default.contentsOfDirectory(atPath: "/proc")
      .compactMap { pid_t($0) }
      .compactMap(Self.entry)
  }

  /// The children of a process, their children, and so on.
  func descendants(of ancestor: pid_t) -> [ProcessEntry] {
    var known: Set<pid_t> = [ancestor]
    var found: [ProcessEntry] = []
    while true {
      let next = entries.filter { known.contains($0.parent) && !known.contains($0.id) }
      guard !next.isEmpty else { return found }
      found += next
      known.formUnion(next.map(\.id))
    }
  }

  /// The processes whose environment began with a setting such as `NAME=value`.
  func carrying(_ setting: String) -> [ProcessEntry] {
    entries.filter { entry in
      // A process may end, or belong to another user, between the listing and this look.
      let environment = try? Data(contentsOf: URL(filePath: "/proc/\(entry.id)/environ"))
      return environment?.split(separator: 0).contains { $0.elementsEqual(setting.utf8) } ?? false
    }
  }

  private static func entry(_ id: pid_t) -> ProcessEntry? {
    // `id (name) state parent …`; the name may hold spaces and brackets.
    guard let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
      let open = text.firstIndex(of: "("), let shut = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: shut)...].split(separator: " ")
    guard fields.count > 1, fields[0] != "Z", fields[0] != "X", let parent = pid_t(fields[1])
    else { return nil }
    return ProcessEntry(
      id: id, parent: parent, name: String(text[text.index(after: open)..<shut]))
  }
}
