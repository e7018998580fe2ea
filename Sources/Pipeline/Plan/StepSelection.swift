internal import Glibc
import Template

/// Which customizers of a template run, as the user chose them: by name, by number or by a glob.
///
/// What the customizers are followed by is not chosen: deprovisioning, validation and distribution
/// are as without a choice, and whoever looks at the result is told what it lacks.
public struct StepSelection: Sendable, Equatable {
  /// The steps to run; all where this is empty.
  public var only: [String]
  /// The steps to leave out.
  public var skip: [String]
  /// The first step to run: of several that match, the first.
  public var from: String?
  /// The last step to run: of several that match, the last.
  public var until: String?

  /// All steps.
  public static let all = StepSelection()

  /// Says which; a pattern is a step's name or number, or a glob as in `install-*`.
  public init(
    only: [String] = [], skip: [String] = [], from: String? = nil, until: String? = nil
  ) {
    self.only = only
    self.skip = skip
    self.from = from
    self.until = until
  }

  /// The numbers of the steps that are left out.
  /// - Throws: ``SelectionError`` where a pattern matches nothing, or where no step would be left.
  public func skipped(of steps: [StepName]) throws(SelectionError) -> Set<Int> {
    var chosen = Set(steps.map(\.number))
    if !only.isEmpty { chosen = try matches(only, steps) }
    let first = try matches(from.map { [$0] } ?? [], steps).min()
    let last = try matches(until.map { [$0] } ?? [], steps).max()
    if let first, let last, first > last {
      throw SelectionError(
        "could not choose steps: `--from \(from ?? "")` is step \(first) and "
          + "`--until \(until ?? "")` is step \(last), which comes before it",
        hint: "change the two")
    }
    chosen = chosen.filter { $0 >= first ?? $0 && $0 <= last ?? $0 }
    chosen.subtract(try matches(skip, steps))
    guard !chosen.isEmpty || self == .all else {
      throw SelectionError(
        "could not choose steps: no customizer is left to run", hint: Self.listing(steps))
    }
    return Set(steps.map(\.number)).subtracting(chosen)
  }

  private func matches(
    _ patterns: [String], _ steps: [StepName]
  ) throws(SelectionError) -> Set<Int> {
    var found: Set<Int> = []
    for pattern in patterns {
      let matching = Self.steps(steps, matching: pattern)
      guard !matching.isEmpty else {
        let near = Int(pattern) != nil ? nil : nearest(to: pattern, among: steps.map(\.name))
        throw SelectionError(
          "could not choose steps: none is called `\(pattern)`",
          hint: near.map { "did you mean `\($0)`?" } ?? Self.listing(steps))
      }
      found.formUnion(matching)
    }
    return found
  }

  /// The numbers of the steps that a pattern means: a name comes before a number, and that before a
  /// glob, so that each can be named whatever it is called.
  private static func steps(_ steps: [StepName], matching pattern: String) -> [Int] {
    let named = steps.filter { $0.name == pattern }
    if !named.isEmpty { return named.map(\.number) }
    if let number = Int(pattern) { return steps.map(\.number).filter { $0 == number } }
    return steps.filter { fnmatch(pattern, $0.name, 0) == 0 }.map(\.number)
  }

  private static func listing(_ steps: [StepName]) -> String {
    let names = steps.prefix(listedAtMost).map { "\($0.number) `\($0.name)`" }
    let more = steps.count > listedAtMost ? ", …" : ""
    return steps.isEmpty
      ? "the template has no customizers" : "the steps are \(names.joined(separator: ", "))\(more)"
  }

  /// How many steps a hint lists.
  private static let listedAtMost = 20
}

/// What a step is called: its place in the run and its name.
public struct StepName: Sendable, Hashable {
  /// Its place in the run, from 1.
  public let number: Int
  /// The customizer's name, or its type where it has none.
  public let name: String

  /// Names a step.
  public init(number: Int, name: String) {
    self.number = number
    self.name = name
  }
}

/// Steps were chosen that there are not.
public struct SelectionError: Error, Sendable, Equatable, Hinting, CustomStringConvertible {
  /// The sentence for the user.
  public let description: String
  /// What to do next.
  public let hint: String?

  init(_ description: String, hint: String) {
    self.description = description
    self.hint = hint
  }
}
