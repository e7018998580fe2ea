import ArgumentParser
import Foundation
import Layers
import Pipeline
import SystemPackage

/// `kiln cache`: the kept states of build VMs.
struct CacheCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Show or remove the kept states of build VMs.",
    discussion: """
      A build starts from the state after the last of its steps that has not changed, nor anything \
      before it. A state is named by the beginning of its key. KILN_CACHE_LIMIT says how much room \
      all may take (20G); what was used least recently goes first, when a build ends.
      """,
    subcommands: [ListStates.self, ShowCache.self, RemoveStates.self, PruneStates.self],
    defaultSubcommand: ListStates.self)

  /// The states of the user whose environment this process has.
  static var store: LayerStore { LayerStore(at: FilePath(Places.steps)) }
}

/// A kept state, as data.
private struct StateView: Encodable {
  let key: String
  let parent: String?
  let form: String
  let step: String
  let template: String
  let run: String
  let bytes: Int
  let made: Date
  let used: Date
  let inUse: Bool

  init(_ entry: LayerStore.Entry, of all: [LayerStore.Entry]) {
    let manifest = entry.layer.manifest
    key = manifest.key
    parent = all.first { $0.layer.id == manifest.parent }?.layer.manifest.key
    form = manifest.form
    step = manifest.step
    template = manifest.template
    run = manifest.run
    bytes = entry.size
    made = Date(timeIntervalSince1970: Double(manifest.made))
    used = Date(timeIntervalSince1970: Double(entry.used))
    inUse = entry.inUse
  }
}

/// `kiln cache ls`: all of them.
struct ListStates: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the kept states, the one that was used last first.")

  @OptionGroup var output: JSONFlag

  func run() async throws {
    let all = try await CacheCommand.store.list()
    if output.json { return try StandardOutput.write(json: all.map { StateView($0, of: all) }) }
    guard !all.isEmpty else { return StandardError.write("no states are kept yet") }
    var table = Table("KEY", "AFTER STEP", "FORM", "SIZE", "USED", "TEMPLATE")
    for entry in all {
      let manifest = entry.layer.manifest
      let used = Date(timeIntervalSince1970: Double(entry.used)).formatted(.iso8601)
      table.add(
        manifest.name, LegibleText.legible(manifest.step), manifest.form, "\(ByteText(entry.size))",
        entry.inUse ? "now" : used, LegibleText.legible(manifest.template))
    }
    try StandardOutput.write(lines: table.lines)
  }
}

/// `kiln cache info`: how many there are, where, and how much room they take.
struct ShowCache: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say where the kept states are, and how much room they take.")

  @OptionGroup var output: JSONFlag

  private struct View: Encodable {
    let directory: String
    let states: Int
    let bytes: Int
    let limit: Int
  }

  func run() async throws {
    let store = CacheCommand.store
    let all = try await store.list()
    let bytes = all.reduce(0) { $0 + $1.size }
    let limit = try CacheLimit.current()
    if output.json {
      return try StandardOutput.write(
        json: View(directory: store.root.string, states: all.count, bytes: bytes, limit: limit))
    }
    try StandardOutput.write(lines: [
      "directory: \(store.root)", "states:    \(all.count)",
      "size:      \(ByteText(bytes)), of \(ByteText(limit)) at most",
    ])
  }
}

/// `kiln cache rm`: removes some.
struct RemoveStates: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm",
    abstract: "Remove kept states, each with those that lie on it; one that a build uses stays.")

  @Argument(help: "The beginnings of their keys.")
  var keys: [String]

  func run() async throws {
    let store = CacheCommand.store
    for key in keys {
      let removal = try await store.remove(try await store.find(key).layer)
      StandardError.write("removed \(removal.layers) states, \(ByteText(removal.bytes))")
    }
  }
}

/// `kiln cache prune`: keeps the rest to a size.
struct PruneStates: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Remove what killed builds left, and what was used least recently, down to a limit.")

  @Option(
    help: ArgumentHelp(
      "How much may stay: 20G, 500M, 0 for nothing but what builds use.", valueName: "size"))
  var limit: String?

  func run() async throws {
    let bytes: Int
    if let limit {
      guard let given = CacheLimit.bytes(limit) else {
        throw CommandFault(
          "could not use `--limit \(limit)`: it is no size", hint: "write it as 20G or 500M",
          exit: .usage)
      }
      bytes = given
    } else {
      bytes = try CacheLimit.current()
    }
    let removal = try await CacheCommand.store.prune(to: bytes)
    StandardError.write("removed \(removal.layers) states, \(ByteText(removal.bytes))")
  }
}
