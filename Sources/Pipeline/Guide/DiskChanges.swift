/// What changed on a guest's disks between two inventories.
public struct DiskChanges: Sendable, Equatable {
  /// A file, directory or link, as an inventory has it.
  public struct Entry: Sendable, Equatable {
    /// Its path.
    public let path: String
    /// Its type, as `find` names it: `f`, `d`, `l`.
    public let type: String
    /// Its permission bits, owner and group, as numbers.
    public let access: String
    /// Its size in bytes.
    public let size: Int
    let time: String
    let target: String
  }

  /// Something that was there before and after, and is another now.
  public struct Change: Sendable, Equatable {
    /// What it is now.
    public let entry: Entry
    /// In what it differs: `content`, `access`, `type`.
    public let what: [String]
  }

  /// What is there now and was not.
  public private(set) var added: [Entry] = []
  /// What is another now.
  public private(set) var changed: [Change] = []
  /// What is gone.
  public private(set) var removed: [Entry] = []
  /// Packages with their versions: `+ nginx 1.22.1`, `~ libc6 2.36-8 to 2.36-9`, `- vim 9.0`.
  public private(set) var packages: [String] = []

  /// Reads what ``DiskInventory/after(_:as:)`` said; `nil` where that is cut off.
  public init?(parsing bytes: [UInt8]) {
    let records = bytes.split(separator: 0, omittingEmptySubsequences: false)
    guard let gap = records.firstIndex(where: \.isEmpty),
      records[(gap + 1)...].contains(where: \.isEmpty)
    else { return nil }
    let files = Self.sides(records[..<gap])
    let before = Self.entries(files.before)
    let after = Self.entries(files.after)
    for (path, new) in after.sorted(by: { $0.key < $1.key }) {
      guard let old = before[path] else {
        added.append(new)
        continue
      }
      let what = Self.differences(old, new)
      if !what.isEmpty { changed.append(Change(entry: new, what: what)) }
    }
    removed = before.values.filter { after[$0.path] == nil }.sorted { $0.path < $1.path }
    packages = Self.packages(Self.sides(records[(gap + 1)...].prefix { !$0.isEmpty }))
  }

  /// Whether nothing changed.
  public var isEmpty: Bool {
    added.isEmpty && changed.isEmpty && removed.isEmpty && packages.isEmpty
  }

  /// What only the first list has, and what only the second, which `comm` indents by a tab.
  private static func sides(
    _ records: some Sequence<ArraySlice<UInt8>>
  ) -> (before: [String], after: [String]) {
    var sides: (before: [String], after: [String]) = ([], [])
    for record in records {
      if record.first == UInt8(ascii: "\t") {
        sides.after.append(String(decoding: record.dropFirst(), as: UTF8.self))
      } else {
        sides.before.append(String(decoding: record, as: UTF8.self))
      }
    }
    return sides
  }

  private static func entries(_ records: [String]) -> [String: Entry] {
    var entries: [String: Entry] = [:]
    for record in records {
      let fields = record.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
      guard fields.count == 7, let size = Int(fields[4]),
        let end = fields[6].firstRange(of: "//")
      else { continue }
      // The root itself is `/`, and its record has three slashes.
      let path = end.lowerBound == fields[6].startIndex ? "/" : String(fields[6][..<end.lowerBound])
      entries[path] = Entry(
        path: path, type: String(fields[0]), access: fields[1...3].joined(separator: " "),
        size: size, time: String(fields[5]), target: String(fields[6][end.upperBound...]))
    }
    return entries
  }

  /// A directory's own time and size only say that something in it came or went.
  private static func differences(_ old: Entry, _ new: Entry) -> [String] {
    var what: [String] = []
    if old.type != new.type { what.append("type") }
    let isDirectory = old.type == "d" && new.type == "d"
    let content = (old.size, old.time, old.target) != (new.size, new.time, new.target)
    if content, !isDirectory { what.append("content") }
    if old.access != new.access { what.append("access") }
    return what
  }

  private static func packages(_ sides: (before: [String], after: [String])) -> [String] {
    func versions(_ records: [String]) -> [String: String] {
      let pairs = records.map { record in
        let words = record.split(separator: " ", maxSplits: 1).map(String.init)
        return (words.first ?? "", words.count > 1 ? trimmed(words[1]) : "")
      }
      return Dictionary(pairs) { $0 + ", " + $1 }
    }
    let (before, after) = (versions(sides.before), versions(sides.after))
    return Set(before.keys).union(after.keys).sorted().map { name in
      switch (before[name], after[name]) {
      case (let old?, let new?): "~ \(name) \(old) to \(new)"
      case (nil, let new?): "+ \(name) \(new)"
      case (let old?, nil): "- \(name) \(old)"
      case (nil, nil): name
      }
    }
  }

  /// A version without dpkg's mark of a package that is simply installed.
  private static func trimmed(_ version: String) -> String {
    let parts = version.split(separator: " ")
    return (parts.last == "ii" ? parts.dropLast() : parts).joined(separator: " ")
  }
}

extension DiskChanges {
  /// How many lines tell of each kind of change.
  static let linesAtMost = 100

  /// The changes for people, a line each: a directory that is new or gone stands for all in it.
  public var lines: [String] {
    guard !isEmpty else { return ["nothing changed on the disks"] }
    return Self.folded(added, "+") + Self.limited(changed.map(Self.line))
      + Self.folded(removed, "-") + Self.limited(packages.map { "package \($0)" })
  }

  private static func line(_ change: Change) -> String {
    "~ \(change.entry.path) (\(change.what.joined(separator: ", ")))"
  }

  private static func folded(_ entries: [Entry], _ mark: String) -> [String] {
    let directories = Set(entries.filter { $0.type == "d" }.map(\.path))
    var roots: [String: (count: Int, size: Int)] = [:]
    var order: [Entry] = []
    for entry in entries {
      var root = entry.path
      var above = entry.path
      while let slash = above.lastIndex(of: "/"), slash > above.startIndex {
        above = String(above[..<slash])
        if directories.contains(above) { root = above }
      }
      if root == entry.path { order.append(entry) }
      let size = entry.type == "f" ? entry.size : 0
      let known = roots[root] ?? (0, 0)
      roots[root] = (known.count + (root == entry.path ? 0 : 1), known.size + size)
    }
    return limited(
      order.map { entry in
        let (count, size) = roots[entry.path] ?? (0, 0)
        let link = entry.type == "l" ? " -> \(entry.target)" : ""
        guard entry.type == "d" else { return "\(mark) \(entry.path)\(link) (\(size) bytes)" }
        return "\(mark) \(entry.path)/ (\(count) in it, \(size) bytes)"
      })
  }

  private static func limited(_ lines: [String]) -> [String] {
    guard lines.count > linesAtMost else { return lines }
    return lines.prefix(linesAtMost) + ["… and \(lines.count - linesAtMost) more"]
  }
}
