import ArgumentParser
import Foundation
import Layers
import Pipeline
import QEMU
import SystemPackage
import Template

/// Which states of the VM are kept after its steps, and which kept ones a build may start from.
struct CacheArguments: ParsableArguments {
  /// What `--cache` understands.
  enum Mode: String, CaseIterable, ExpressibleByArgument {
    case live, disk, off
  }

  @Option(
    help: ArgumentHelp(
      "Keep the VM's state after each step: live, with its memory; disk, without; or off.",
      valueName: "live|disk|off"))
  var cache: Mode = .live

  @Flag(help: "Run all steps, also those whose state is kept; keep the new states.")
  var noCache = false

  @Option(
    help: ArgumentHelp(
      "Run this step and all after it, also where their states are kept.", valueName: "step"))
  var noCacheFrom: String?

  /// How states are kept; `nil` where they are not.
  /// - Throws: ``CommandFault`` where no customizer is the one that was named.
  func keeping(_ template: ImageTemplate, source: String) throws -> StateKeeping? {
    let form: StateKeeping.Form
    switch cache {
    case .live: form = .live
    case .disk: form = .disk
    case .off: return nil
    }
    return StateKeeping(
      store: CacheCommand.store, form: form, reuse: try reuse(template),
      limit: try CacheLimit.current(), source: source)
  }

  private func reuse(_ template: ImageTemplate) throws -> StateKeeping.Reuse {
    if noCache { return .none }
    guard let name = noCacheFrom else { return .all }
    let match = template.customizers.first { $0.name == name || "\($0.index + 1)" == name }
    guard let match else {
      throw CommandFault(
        "could not use `--no-cache-from \(name)`: no customizer has that name or number",
        hint: "`kiln plan` lists them", exit: .usage)
    }
    return .before(match.index + 1)
  }
}

/// How much room the kept states may take.
enum CacheLimit {
  /// The limit of `KILN_CACHE_LIMIT`, or the usual one, in bytes.
  static func current() throws -> Int {
    guard let text = ProcessInfo.processInfo.environment["KILN_CACHE_LIMIT"], !text.isEmpty else {
      return LayerStore.usualLimit
    }
    guard let limit = bytes(text) else {
      throw CommandFault(
        "could not use KILN_CACHE_LIMIT=\(text): it is no size",
        hint: "write it as 20G or 500M", exit: .usage)
    }
    return limit
  }

  /// The size that a text means: a number, with K, M, G or T for powers of 1024.
  static func bytes(_ text: String) -> Int? {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = text.last.flatMap { units[$0] } ?? 0
    guard let number = Int(shift == 0 ? text[...] : text.dropLast()), number >= 0,
      number <= Int.max >> shift
    else { return nil }
    return number << shift
  }
}

/// A size in bytes, in the unit that people take for it.
struct ByteText: CustomStringConvertible {
  private let bytes: Int

  init(_ bytes: Int) { self.bytes = bytes }

  var description: String {
    let units = ["KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes) / 1024
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return value < 10 && unit > 0
      ? "\((value * 10).rounded() / 10) \(units[unit])" : "\(Int(value.rounded())) \(units[unit])"
  }
}
