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
    guard text.lowercased().hasPrefix(scheme) else { throw Self.withoutScheme(text) }
    var rest = text.dropFirst(scheme.count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    try self.init(rest, of: text)
  }

  /// Reads `[user@]host[:port]`, as `ProxyJump` has it too.
  init(_ text: Substring) throws(SSHError) { try self.init(text, of: String(text)) }

  /// Reads `text`, the part of the address `whole` that says where to go.
  private init(_ text: Substring, of whole: String) throws(SSHError) {
    var rest = text
    var user: Substring?
    if let at = rest.lastIndex(of: "@") {
      user = rest[..<at]
      rest = rest[rest.index(after: at)...]
    }
    if let user {
      guard !user.contains(":") else { throw Self.withPassword(rest) }
      guard !user.isEmpty else { throw Self.refused(whole, "it has no user before the `@`") }
      guard Self.isName(user) else { throw Self.refused(whole, "`\(user)` is not a user name") }
    }
    if let path = rest.firstIndex(where: { "/?#".contains($0) }) {
      throw Self.refused(
        whole, "`\(rest[path...])` has no meaning in it", hint: "end it after host and port")
    }
    let (host, port) = try Self.hostAndPort(rest, of: whole)
    guard !host.isEmpty else { throw Self.refused(whole, "it has no host") }
    guard Self.isName(host) else { throw Self.refused(whole, "`\(host)` is not a host name") }
    self.init(user: user.map(String.init), host: String(host), port: port)
  }

  private static func hostAndPort(
    _ text: Substring, of whole: String
  ) throws(SSHError) -> (Substring, UInt16?) {
    if text.hasPrefix("[") {
      guard let end = text.lastIndex(of: "]") else { throw refused(whole, "a bracket is missing") }
      let host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard host.contains(":") else { throw refused(whole, "brackets are for IPv6 addresses") }
      guard !rest.isEmpty else { return (host, nil) }
      guard rest.hasPrefix(":") else {
        throw refused(whole, "there is something after the bracket")
      }
      return (host, try port(rest.dropFirst(), of: whole))
    }
    guard let colon = text.lastIndex(of: ":") else { return (text, nil) }
    let host = text[..<colon]
    guard !host.contains(":") else {
      throw refused(whole, "an IPv6 address needs brackets around it")
    }
    return (host, try port(text[text.index(after: colon)...], of: whole))
  }

  private static func port(_ digits: Substring, of whole: String) throws(SSHError) -> UInt16 {
    guard !digits.isEmpty else { throw refused(whole, "it has no port after the `:`") }
    guard let port = UInt16(digits), port > 0, digits.allSatisfy(\.isNumber) else {
      throw refused(whole, "`\(digits)` is not a port", hint: "a port is a number from 1 to 65535")
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

  private static func withoutScheme(_ text: String) -> SSHError {
    guard !text.isEmpty else { return refused(text, "it is empty") }
    let why = "it does not begin with `ssh://`"
    do {
      _ = try SSHDestination(Substring(text))
      return refused(text, why, hint: "did you mean `ssh://\(text)`?")
    } catch {
      // What stands before an `@` may hold a password.
      let end = text.lastIndex(of: "@").map { "...\(text[$0...])" }
      return refused(end ?? text, why)
    }
  }

  private static func withPassword(_ host: Substring) -> SSHError {
    refused(
      String(host), "a password before it is not supported",
      hint: "leave it out; it is asked for when it is needed")
  }

  private static func refused(
    _ whole: String, _ why: String, hint: String = "an address looks like ssh://user@host:22"
  ) -> SSHError {
    SSHError(.badConfiguration, "could not read the address `\(whole)`", why, hint: hint)
  }
}
