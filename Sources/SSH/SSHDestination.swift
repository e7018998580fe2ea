/// Where a user wants to go, as in `ssh://alice@build:22`.
///
/// User and port may be left out, and the host may be an alias of `ssh_config`.
public struct SSHDestination: Sendable, Hashable {
  /// The user's name on the other side; `nil` for the one that the configuration gives.
  public var user: String?
  /// A host name, an address (IPv6 without brackets) or an alias.
  public var host: String
  /// The TCP port; `nil` for the one that the configuration gives.
  public var port: UInt16?

  /// A destination of its parts.
  public init(user: String? = nil, host: String, port: UInt16? = nil) {
    self.user = user
    self.host = host
    self.port = port
  }

  /// Reads `ssh://[user@]host[:port]`.
  /// - Throws: ``SSHError`` of kind `badConfiguration`. Its text never repeats a password.
  public init(parsing text: String) throws(SSHError) {
    let scheme = "ssh://"
    guard text.lowercased().hasPrefix(scheme) else {
      throw Self.refused(text.split(separator: "@").last ?? "", "it does not start with ssh://")
    }
    var rest = text.dropFirst(scheme.count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    try self.init(rest)
  }

  /// Reads `[user@]host[:port]`, as `ProxyJump` has it too.
  init(_ text: Substring) throws(SSHError) {
    var rest = text
    var user: Substring?
    if let at = rest.lastIndex(of: "@") {
      user = rest[..<at]
      rest = rest[rest.index(after: at)...]
    }
    guard !rest.contains(where: { "/?#".contains($0) }) else {
      throw Self.refused(rest, "paths and queries have no meaning here")
    }
    if let user {
      guard !user.contains(":") else {
        throw SSHError(
          .badConfiguration, Self.operation(rest), "a password in an address is not supported",
          hint: "leave it out; it is asked for when it is needed")
      }
      guard Self.isName(user) else { throw Self.refused(rest, "the user name is not valid") }
    }
    let (host, port) = try Self.hostAndPort(rest)
    guard Self.isName(host) else { throw Self.refused(rest, "the host name is not valid") }
    self.init(user: user.map(String.init), host: String(host), port: port)
  }

  private static func hostAndPort(
    _ text: Substring
  ) throws(SSHError) -> (Substring, UInt16?) {
    if text.hasPrefix("[") {
      guard let end = text.lastIndex(of: "]") else { throw refused(text, "a bracket is missing") }
      let host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard host.contains(":") else { throw refused(text, "brackets are for IPv6 addresses") }
      guard !rest.isEmpty else { return (host, nil) }
      guard rest.hasPrefix(":") else { throw refused(text, "there is something after the bracket") }
      return (host, try port(rest.dropFirst(), text))
    }
    guard let colon = text.lastIndex(of: ":") else { return (text, nil) }
    let host = text[..<colon]
    guard !host.contains(":") else {
      throw refused(text, "an IPv6 address needs brackets around it")
    }
    return (host, try port(text[text.index(after: colon)...], text))
  }

  private static func port(
    _ digits: Substring, _ text: Substring
  ) throws(SSHError) -> UInt16 {
    guard let port = UInt16(digits), port > 0, digits.allSatisfy(\.isNumber) else {
      throw refused(text, "\"\(digits)\" is not a port")
    }
    return port
  }

  /// A leading hyphen could be taken for an option, and nothing else here is part of a name.
  private static func isName(_ text: Substring) -> Bool {
    guard let first = text.first, first != "-" else { return false }
    return text.unicodeScalars.allSatisfy {
      $0.value > 0x20 && $0.value != 0x7f && !"\"'\\`$&;|<>()*?".unicodeScalars.contains($0)
    }
  }

  private static func operation(_ text: Substring) -> String {
    "could not read the address \"\(text)\""
  }

  private static func refused(_ text: Substring, _ why: String) -> SSHError {
    SSHError(
      .badConfiguration, operation(text), why, hint: "an address looks like ssh://user@host:22")
  }
}
