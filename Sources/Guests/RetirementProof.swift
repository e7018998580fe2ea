internal import Foundation

/// What root says on the console of a VM when it has cleaned it (`Agent/retire.sh`).
public struct RetirementProof: Sendable {
  private let mark: String

  /// The proof of the run with this name.
  public init(run: String) { mark = "kiln \(run): generalized, left:" }

  /// What is left, as a list: empty where nothing is; `nil` where nothing was said.
  ///
  /// It is said on several consoles, which may be one; the kernel's own words may come between.
  public func left(in console: String) -> String? {
    let said = console.components(separatedBy: mark).dropFirst().compactMap { rest -> String? in
      let line = rest.prefix { !$0.isNewline }
      return line.last == "." ? String(line.dropLast()) : nil
    }
    return said.contains("") ? "" : said.first
  }
}
