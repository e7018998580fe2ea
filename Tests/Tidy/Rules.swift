/// What each module may see: the architecture.
///
/// An arrow that is not here is a decision to take.
let modules: [String: Module] = [
  "Azure": Module(
    ours: ["Guests", "HTTP", "Pipeline", "SSH", "Template", "WinRM"], c: ["CCrypto"]),
  "Catalog": Module(ours: ["Digests", "Disks", "HTTP", "Template"]),
  "Deprovision": Module(),
  "Digests": Module(c: ["CCrypto"]),
  "Disks": Module(),
  "Guests": Module(ours: ["Digests", "Pipeline", "SSH", "WinRM"]),
  "HTTP": Module(ours: ["Digests"], c: ["CCurl"]),
  "Images": Module(ours: ["Digests", "Disks", "Pipeline", "Template"]),
  "Layers": Module(ours: ["Digests"]),
  "Memory": Module(c: ["CZstd"]),
  "PackerImport": Module(ours: ["Template"]),
  "Pipeline": Module(ours: ["Deprovision", "Digests", "Template"]),
  "QEMU": Module(
    ours: ["Digests", "Disks", "Guests", "Layers", "Memory", "Pipeline", "SSH"], c: ["CProcess"]),
  "SSH": Module(c: ["CCrypto", "CSSH2"]),
  "Template": Module(ours: ["Digests"]),
  "WinRM": Module(ours: ["Digests", "HTTP"], c: ["CCrypto", "CGSSAPI"]),
  "kiln": Module(ours: [
    "Azure", "Catalog", "Deprovision", "Digests", "Disks", "Guests", "HTTP", "Images", "Layers",
    "Memory", "PackerImport", "Pipeline", "QEMU", "SSH", "Template", "WinRM",
  ]),
]

struct Module: Sendable {
  var ours: Set<String> = []
  var c: Set<String> = []
}

let longestFile = 300
let longestFunction = 60

/// Where a task may be started by hand: for a release that cancellation must not stop, and for
/// the whole of a command, which a signal cancels.
let unstructuredTasks: Set<String> = [
  "Sources/Pipeline/Scopes.swift", "Sources/kiln/Composition/Signals.swift",
]

/// What no source has, and what stands there instead.
let bannedWords: [BannedWord] = [
  BannedWord(#"\b(TODO|FIXME|XXX)\b"#, "do it now, or file an issue", in: .comments),
  BannedWord(#"\bfatalError\("#, "throw an error that says what was wrong"),
  BannedWord(#"\btry!"#, "handle the error or let it through"),
  BannedWord(#"\bas!"#, "use `as?` and say what else to do"),
  BannedWord(#"\bThread\.sleep\b|(^|[^.\w])u?sleep\("#, "wait for the event, or `Task.sleep`"),
  BannedWord(
    #"(^|[^.\w])print\("#, "return the text; only kiln talks to the user",
    except: { $0.hasPrefix("Sources/kiln/") }),
  BannedWord(
    #"\bTask(\.detached)?(<[^>]*>)?( \{|\()"#, "use a task group, or a scope of Pipeline",
    except: { unstructuredTasks.contains($0) }),
  BannedWord(
    #"\b(actor|class|enum|protocol|struct|typealias) \w*(Manager|Helpers?|Utils|Impl)\b"#,
    "name what it is or does"),
]

struct BannedWord: Sendable {
  enum Place { case code, comments }

  let pattern: String
  let instead: String
  let place: Place
  let except: @Sendable (String) -> Bool

  init(
    _ pattern: String, _ instead: String, in place: Place = .code,
    except: @escaping @Sendable (String) -> Bool = { _ in false }
  ) {
    (self.pattern, self.instead, self.place, self.except) = (pattern, instead, place, except)
  }

  func violations(in file: SourceFile) throws -> [Violation] {
    guard !except(file.path) else { return [] }
    let regex = try Regex(pattern)
    return file.numbered.compactMap { number, line in
      let searched = place == .comments ? line : SourceFile.withoutComment(line)
      guard let match = searched.firstMatch(of: regex) else { return nil }
      return Violation(
        file, number, "has `\(searched[match.range].drop { $0 == " " })`: \(instead)")
    }
  }
}

func importViolations(in file: SourceFile) throws -> [Violation] {
  guard let module = file.module else { return [] }
  guard let allowed = modules[module] else {
    return [
      Violation(file, 1, "is of a module that the table does not have: add it to Rules.swift")
    ]
  }
  let c = modules.values.reduce(into: Set()) { $0.formUnion($1.c) }
  let pattern = /^(@\w+ )*((public|package|internal|fileprivate|private) )?import (\w+ )?(\w+)/
  return try file.numbered.compactMap { number, line in
    guard let match = try pattern.prefixMatch(in: line) else { return nil }
    let name = String(match.5)
    if c.contains(name), match.3 != "internal" {
      return Violation(file, number, "imports \(name) for others to see: `internal import` it")
    }
    let known = c.contains(name) || modules[name] != nil
    guard known, name != module, !allowed.ours.union(allowed.c).contains(name) else { return nil }
    return Violation(
      file, number,
      "\(module) imports \(name), an arrow that the design does not have: hand the value over, "
        + "or take a decision and change Rules.swift")
  }
}

func sizeViolations(in file: SourceFile) throws -> [Violation] {
  var found: [Violation] = []
  if file.lines.count > longestFile {
    found.append(
      Violation(file, 1, "has \(file.lines.count) lines of \(longestFile): split it by idea"))
  }
  let start = /^( *)([@\w()]+ )*(func |init[?(<])/
  for (number, line) in file.numbered {
    guard let match = try start.prefixMatch(in: line) else { continue }
    let length = file.lengthOfBlock(at: number, indentation: match.1.count)
    if length > longestFunction {
      found.append(
        Violation(
          file, number,
          "has a function of \(length) lines of \(longestFunction): give its parts names"))
    }
  }
  return found
}
