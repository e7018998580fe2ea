internal import CCrypto
internal import FoundationEssentials

/// What the `known_hosts` files say about one host (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
struct KnownHosts {
  /// One line that matches the host.
  struct Entry {
    let key: PublicKey
    let isRevoked: Bool
    /// `file:line`.
    let place: String
  }

  /// The name that the files have for the host: with its port when that isn't 22.
  let name: String
  private(set) var entries: [Entry] = []

  /// Reads the lines of `files` that match `target`; files that don't exist count as empty.
  init(_ files: [String], for target: ResolvedTarget, operation: String) throws(SSHError) {
    let host = (target.hostKeyAlias ?? target.host).lowercased()
    name = target.port == 22 || target.hostKeyAlias != nil ? host : "[\(host)]:\(target.port)"
    for file in files {
      guard let bytes = try readFile(file, for: operation) else { continue }
      let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        if let entry = entry(String(decoding: line, as: UTF8.self), "\(file):\(index + 1)") {
          entries.append(entry)
        }
      }
    }
  }

  private func entry(_ line: String, _ place: String) -> Entry? {
    var words = line.split(whereSeparator: \.isWhitespace)[...]
    guard let first = words.first, !first.hasPrefix("#") else { return nil }
    let marker = first.hasPrefix("@") ? words.popFirst() : nil
    // Certificates are not supported by libssh2 1.10, so their authorities vouch for nothing here.
    guard marker == nil || marker == "@revoked", words.count >= 3 else { return nil }
    guard let hosts = words.popFirst(), matches(hosts),
      let key = PublicKey(line: words.joined(separator: " "))
    else { return nil }
    return Entry(key: key, isRevoked: marker != nil, place: place)
  }

  private func matches(_ hosts: Substring) -> Bool {
    hosts.hasPrefix("|")
      ? matchesHash(hosts) : HostPatterns(hosts.split(separator: ",")).match(name)
  }

  /// `|1|salt|hash`: HMAC-SHA1 of the name, so that the file doesn't tell which hosts it knows.
  private func matchesHash(_ field: Substring) -> Bool {
    let parts = field.split(separator: "|")
    guard parts.count == 3, parts[0] == "1", let salt = Data(base64Encoded: String(parts[1])),
      let expected = Data(base64Encoded: String(parts[2]))
    else { return false }
    let key = Array(salt)
    let text = Array(name.utf8)
    var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var size: UInt32 = 0
    guard
      HMAC(EVP_sha1(), key, Int32(key.count), text, text.count, &code, &size) != nil
    else { return false }
    return Array(expected) == Array(code.prefix(Int(size)))
  }
}

/// A list of host patterns with `*`, `?` and `!` (ssh_config(5), "PATTERNS").
struct HostPatterns {
  private let patterns: [Substring]

  init(_ patterns: [Substring]) { self.patterns = patterns.map { Substring($0.lowercased()) } }

  /// At least one pattern matches and no negated one does.
  func match(_ name: String) -> Bool {
    var matched = false
    for pattern in patterns {
      if pattern.hasPrefix("!") {
        if Self.match(pattern.dropFirst(), name[...]) { return false }
      } else if Self.match(pattern, name[...]) {
        matched = true
      }
    }
    return matched
  }

  private static func match(_ pattern: Substring, _ text: Substring) -> Bool {
    let pattern = Array(pattern.utf8)
    let text = Array(text.utf8)
    var (p, t) = (0, 0)
    var afterStar: (p: Int, t: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        p += 1
        afterStar = (p, t)
      } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let star = afterStar {
        afterStar = (star.p, star.t + 1)
        (p, t) = (star.p, star.t + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
