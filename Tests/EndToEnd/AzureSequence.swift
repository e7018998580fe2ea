import Foundation
import TestSupport
import Testing

/// The requests of a whole build as `docs/azure.md` tells them: in the phases of a build, each once.
///
/// What goes on at the same time comes in any order, and so each phase is sorted.
struct Sequence {
  private static let mark = "<!-- The sequence below is written by RECORD=1 and AzureBakeTests. -->"
  private let phases: [(name: String, calls: [String])]

  /// Sorts out what the stand-in was asked, `METHOD path status` each.
  init(_ calls: [String], run: String) {
    let names = ["Before anything is made", "Made", "Captured", "Given out", "Removed"]
    var phase = 0
    var found: [[String]] = names.map { _ in [] }
    for call in calls {
      if phase == 0, call.hasPrefix("PUT ") { phase = 1 }
      if phase == 1, call.contains("/instanceView") { phase = 2 }
      if phase == 3, call.hasPrefix("DELETE ") { phase = 4 }
      let shown = Self.shown(call, run)
      if !found[phase].contains(shown) { found[phase].append(shown) }
      if phase == 2, call.contains("/generalize") { phase = 3 }
    }
    phases = zip(names, found).map { ($0, $1.sorted()) }
  }

  /// A request without what differs from run to run.
  private static func shown(_ call: String, _ run: String) -> String {
    var text = call
    for (pattern, with) in [
      (#"\?p=[^ ]*|\?monitor=[^ ]*"#, ""), (#"(api-version=[0-9-]+)[^ ]*"#, "$1"),
      (#"\?sig=[^ ]*"#, ""), (#"_console/[^ .]*"#, "{serial console}"),
      (#"(?i)/subscriptions/[0-9a-f-]{36}"#, "{S}"),
      (#"(?i)(operations|operationresults)/[0-9a-f-]{36}"#, "$1/{id}"),
      (NSRegularExpression.escapedPattern(for: run.filter { $0 != "-" }), "{run}"),
      (NSRegularExpression.escapedPattern(for: run), "{run}"),
    ] {
      text = text.replacingOccurrences(of: pattern, with: with, options: .regularExpression)
    }
    return text
  }

  private var text: String {
    phases.map { phase in
      "### \(phase.name)\n\n" + phase.calls.map { "    \($0)\n" }.joined()
    }.joined(separator: "\n")
  }

  /// Compares with the end of `docs/azure.md`, or writes that with `RECORD=1`.
  func expectDocumented() throws {
    let path = "\(packageRoot)/docs/azure.md"
    let whole = try String(contentsOfFile: path, encoding: .utf8)
    let head = try #require(whole.range(of: Self.mark))
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      try Data("\(whole[..<head.upperBound])\n\n\(text)".utf8).write(to: URL(filePath: path))
    } else {
      #expect(whole[head.upperBound...] == "\n\n\(text)")
    }
  }
}
