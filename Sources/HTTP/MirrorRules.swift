public import SystemPackage

/// Which addresses are fetched from elsewhere: rules `PREFIX=DIRECTORY` or `PREFIX=URL`.
///
/// The longest prefix that fits an address wins; what follows it is put behind the directory or the
/// URL. A prefix fits at a path's slashes only, so that `https://a.example` says nothing of
/// `https://a.example.org`.
public struct MirrorRules: Sendable, Equatable {
  /// Where an address is fetched from.
  public enum Target: Sendable, Equatable {
    /// From this address.
    case url(String)
    /// From this file.
    case file(FilePath)
  }

  private struct Rule: Equatable {
    let prefix: String
    let target: Target
  }

  /// The longest prefix first.
  private var rules: [Rule] = []

  /// No rules: every address is its own target.
  public init() {}

  /// Reads rules as the user writes them.
  /// - Throws: ``MirrorRuleError`` for the first that can't be read, and for a prefix that has two.
  public init(_ texts: [String]) throws(MirrorRuleError) {
    for text in texts {
      let rule = try Self.rule(text)
      guard !rules.contains(where: { $0.prefix == rule.prefix }) else {
        throw MirrorRuleError(rule: text, why: "this prefix has a rule already")
      }
      rules.append(rule)
    }
    rules.sort { $0.prefix.utf8.count > $1.prefix.utf8.count }
  }

  /// Where `url` is fetched from.
  func target(of url: String) throws(HTTPError.Reason) -> Target {
    let url = Self.normalized(url)
    for rule in rules {
      guard let rest = Self.rest(of: url, after: rule.prefix) else { continue }
      switch rule.target {
      case .url(let base): return .url(Self.joined(base, rest))
      case .file(let directory): return .file(try Self.file(rest, in: directory))
      }
    }
    return .url(url)
  }

  private static func rule(_ text: String) throws(MirrorRuleError) -> Rule {
    guard let equals = text.firstIndex(of: "=") else {
      throw MirrorRuleError(rule: text, why: "there is no `=` between prefix and target")
    }
    let prefix = normalized(String(text[..<equals]))
    let target = String(text[text.index(after: equals)...])
    guard isWeb(prefix) else {
      throw MirrorRuleError(rule: text, why: "the prefix must begin with https:// or http://")
    }
    guard !prefix.contains("?"), !prefix.contains("#") else {
      throw MirrorRuleError(rule: text, why: "the prefix must end before the query")
    }
    guard !target.isEmpty else {
      throw MirrorRuleError(rule: text, why: "there is nothing behind the `=`")
    }
    if isWeb(normalized(target)) {
      guard !target.contains("?"), !target.contains("#") else {
        throw MirrorRuleError(rule: text, why: "the target must end before the query")
      }
      return Rule(prefix: prefix, target: .url(target))
    }
    if target.hasPrefix("file:///") {
      return Rule(prefix: prefix, target: .file(FilePath(String(target.dropFirst(7)))))
    }
    guard !target.contains("://") else {
      throw MirrorRuleError(
        rule: text, why: "the target must be a directory, or begin with https:// or http://")
    }
    return Rule(prefix: prefix, target: .file(FilePath(target)))
  }

  /// Scheme and host in lower case: they are the parts in which case says nothing.
  private static func normalized(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url }
    let end = url[scheme.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex
    guard !url[..<end].contains("@") else {
      return url[..<scheme.upperBound].lowercased() + url[scheme.upperBound...]
    }
    return url[..<end].lowercased() + url[end...]
  }

  private static func isWeb(_ url: String) -> Bool {
    ["https://", "http://"].contains { url.hasPrefix($0) && url.utf8.count > $0.utf8.count }
  }

  private static func rest(of url: String, after prefix: String) -> Substring? {
    guard url.hasPrefix(prefix) else { return nil }
    let rest = url.dropFirst(prefix.count)
    guard prefix.hasSuffix("/") || rest.first.map({ "/?#".contains($0) }) ?? true else {
      return nil
    }
    return rest
  }

  private static func joined(_ base: String, _ rest: Substring) -> String {
    let path = rest.drop { $0 == "/" }
    guard !path.isEmpty, path.first != "?", path.first != "#" else { return base + path }
    return base.hasSuffix("/") ? base + path : base + "/" + path
  }

  private static func file(
    _ rest: Substring, in directory: FilePath
  ) throws(HTTPError.Reason) -> FilePath {
    var path = directory
    for part in rest.prefix(while: { $0 != "?" && $0 != "#" }).split(separator: "/") {
      guard let name = percentDecoded(part), !name.utf8.contains(0), !name.contains("/"),
        let component = FilePath.Component(name), component.kind == .regular
      else {
        throw .mirror(text: "`\(part)` in its path is no file name under the mirror \(directory)")
      }
      path.append(component)
    }
    return path
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// A rule that can't be read.
public struct MirrorRuleError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The rule, without the secrets that an address may hold.
  public let rule: String
  /// Why not.
  public let why: String

  init(rule: String, why: String) {
    self.rule = rule.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      .map { redacted(url: String($0)) }.joined(separator: "=")
    self.why = why
  }

  /// What the user reads.
  public var description: String { "could not read the mirror rule `\(rule)`: \(why)" }

  /// What the user can do about it.
  public var hint: String? {
    "write PREFIX=DIRECTORY or PREFIX=URL, as https://example.org/scripts=/srv/scripts"
  }
}
