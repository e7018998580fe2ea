/// The settings that were found for one host; the first value of each wins.
struct SSHConfigSettings: Sendable {
  private var values: [String: [String]] = [:]
  /// All of them, as every line adds one.
  private(set) var identityFiles: [String] = []

  /// The words of a setting, by its name in lower case.
  subscript(name: String) -> [String]? { values[name] }

  mutating func add(_ name: String, _ words: [String]) {
    if name == "identityfile" {
      identityFiles += words.prefix(1)
    } else if values[name] == nil {
      values[name] = words
    }
  }
}

/// Reads `ssh_config` files for one destination.
struct SSHConfigReader {
  private static let includeLimit = 16
  private static let followed: Set<String> = [
    "hostname", "user", "port", "identityfile", "identitiesonly", "identityagent", "proxyjump",
    "hostkeyalias", "userknownhostsfile", "globalknownhostsfile",
  ]
  /// Settings that would make ssh go elsewhere, which Kiln does not follow.
  private static let telling: Set<String> = ["proxycommand", "proxyusefdpass", "hostkeyalgorithms"]

  private(set) var settings = SSHConfigSettings()
  private(set) var warnings: [String] = []
  private let surroundings: SSHClientConfig.Surroundings
  private let destination: SSHDestination

  init(_ surroundings: SSHClientConfig.Surroundings, _ destination: SSHDestination) {
    self.surroundings = surroundings
    self.destination = destination
    if let user = destination.user { settings.add("user", [user]) }
    if let port = destination.port { settings.add("port", [String(port)]) }
  }

  /// Takes what `file` says about the destination, where it hasn't been said before.
  mutating func read(_ file: String) throws(SSHError) { try read(file, depth: 0) }

  private mutating func read(_ file: String, depth: Int) throws(SSHError) {
    guard depth < Self.includeLimit else {
      throw Self.refused(file, "files include each other more than \(Self.includeLimit) deep")
    }
    guard let text = try surroundings.read(file) else { return }
    // What an Include brings ends with it: the file goes on as it was.
    var applies = true
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let place = "\(file):\(index + 1)"
      guard let (name, words) = try Self.words(line, place) else { continue }
      switch name {
      case "host":
        applies = HostPatterns(words.map { $0[...] }).match(destination.host.lowercased())
      case "match": applies = try matches(words, place)
      case _ where !applies: break
      case "include": try include(words, from: file, depth)
      default: try set(name, words, place)
      }
    }
  }

  private mutating func include(
    _ patterns: [String], from file: String, _ depth: Int
  ) throws(SSHError) {
    for pattern in patterns {
      var path = pattern
      if path.hasPrefix("~/") {
        path = surroundings.home + path.dropFirst()
      } else if !path.hasPrefix("/") {
        path = (file.hasPrefix("/etc/") ? "/etc/ssh/" : "\(surroundings.home)/.ssh/") + path
      }
      let isPattern = path.contains { "*?[".contains($0) }
      for file in isPattern ? surroundings.match(path) : [path] {
        try read(file, depth: depth + 1)
      }
    }
  }

  private mutating func set(
    _ name: String, _ words: [String], _ place: String
  ) throws(SSHError) {
    if Self.telling.contains(name), words.first?.lowercased() != "none" {
      warnings.append("\(place): \(name) is not followed")
    }
    guard Self.followed.contains(name) else { return }
    if name == "port", UInt16(words[0]) ?? 0 == 0 {
      throw Self.refused(place, "\"\(words[0])\" is not a port")
    }
    settings.add(name, words)
  }

  /// Whether all conditions of a `Match` line hold.
  private mutating func matches(_ words: [String], _ place: String) throws(SSHError) -> Bool {
    var rest = words[...]
    var holds = true
    while let word = rest.popFirst() {
      let isNegated = word.hasPrefix("!")
      let condition = word.drop { $0 == "!" }.lowercased()
      if condition == "all" { continue }
      let subject: String? =
        switch condition {
        case "host": settings["hostname"]?.first ?? destination.host
        case "originalhost": destination.host
        case "user": settings["user"]?.first ?? surroundings.user
        default: nil
        }
      guard let subject else {
        warnings.append("\(place): Match \(condition) was not looked at, and its block left out")
        return false
      }
      guard let patterns = rest.popFirst() else {
        throw Self.refused(place, "Match \(condition) needs a pattern")
      }
      let matched = HostPatterns(patterns.split(separator: ",")).match(subject.lowercased())
      holds = holds && matched != isNegated
    }
    return holds
  }

  /// The keyword in lower case and the words after it; `nil` for a line that says nothing.
  private static func words(
    _ line: Substring, _ place: String
  ) throws(SSHError) -> (name: String, words: [String])? {
    let line = line.drop(while: \.isWhitespace)
    guard let first = line.first, first != "#" else { return nil }
    let name = line.prefix { !$0.isWhitespace && $0 != "=" }
    var rest = line[name.endIndex...].drop(while: \.isWhitespace)
    if rest.first == "=" { rest = rest.dropFirst() }
    let words = try split(rest, place)
    guard !words.isEmpty else { throw refused(place, "\(name) has no value") }
    return (name.lowercased(), words)
  }

  private static func split(_ text: Substring, _ place: String) throws(SSHError) -> [String] {
    var words: [String] = []
    var rest = text.drop(while: \.isWhitespace)
    while let first = rest.first, first != "#" {
      let word: Substring
      if first == "\"" {
        rest = rest.dropFirst()
        guard let end = rest.firstIndex(of: "\"") else {
          throw refused(place, "a quotation mark is missing")
        }
        word = rest[..<end]
        rest = rest[end...].dropFirst()
      } else {
        word = rest.prefix { !$0.isWhitespace }
        rest = rest[word.endIndex...]
      }
      words.append(String(word))
      rest = rest.drop(while: \.isWhitespace)
    }
    return words
  }

  private static func refused(_ place: String, _ why: String) -> SSHError {
    SSHError(.badConfiguration, "could not read the SSH configuration", "\(place): \(why)")
  }
}

/// Puts values in for `~`, `%h` and their like.
struct SSHConfigExpansion {
  let user: String
  let host: String
  let port: UInt16
  private let surroundings: SSHClientConfig.Surroundings
  private let settings: SSHConfigSettings
  private let alias: String

  init(
    _ surroundings: SSHClientConfig.Surroundings, _ destination: SSHDestination,
    _ settings: SSHConfigSettings
  ) {
    self.surroundings = surroundings
    self.settings = settings
    alias = destination.host
    user = settings["user"]?.first ?? surroundings.user
    port = settings["port"]?.first.flatMap { UInt16($0) } ?? 22
    host = Self.expand(settings["hostname"]?.first ?? alias, ["h": alias])
  }

  /// Paths with everything put in; `none` stands for no path.
  func paths(_ values: [String]) -> [String] {
    values.filter { $0.lowercased() != "none" }.map(path)
  }

  /// The user's and the system's `known_hosts` files; empty where the configuration names none.
  var knownHostsFiles: [String] {
    let own = settings["userknownhostsfile"]
    let system = settings["globalknownhostsfile"]
    guard own != nil || system != nil else { return [] }
    return paths(own ?? ["~/.ssh/known_hosts"]) + paths(system ?? ["/etc/ssh/ssh_known_hosts"])
  }

  var agent: ResolvedTarget.AgentChoice {
    guard let value = settings["identityagent"]?.first else { return .fromOptions }
    if value.lowercased() == "none" { return .none }
    if value == "SSH_AUTH_SOCK" { return .fromOptions }
    guard value.hasPrefix("$") else { return .socket(path(value)) }
    let name = value.dropFirst().filter { !"{}".contains($0) }
    return surroundings.environment[String(name)].map { .socket($0) } ?? .none
  }

  private func path(_ value: String) -> String {
    let home = surroundings.home
    let path = value == "~" || value.hasPrefix("~/") ? home + value.dropFirst() : value
    return Self.expand(
      path,
      [
        "h": host, "n": alias, "p": String(port), "r": user, "u": surroundings.user, "d": home,
      ])
  }

  private static func expand(_ text: String, _ values: [Character: String]) -> String {
    var result = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "%", let token = rest.first, token == "%" || values[token] != nil {
        rest = rest.dropFirst()
        result += values[token] ?? "%"
      } else {
        result.append(character)
      }
    }
    return result
  }
}
