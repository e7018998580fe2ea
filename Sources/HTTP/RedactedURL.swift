/// `url` as it may be shown and logged: without user name and password, without the values of its
/// query (a SAS token is one), without its fragment.
public func redacted(url: String) -> String {
  var rest = Substring(url.filter { !$0.isNewline })
  if let hash = rest.firstIndex(of: "#") { rest = rest[..<hash] }
  var query: Substring?
  if let mark = rest.firstIndex(of: "?") {
    query = rest[rest.index(after: mark)...]
    rest = rest[..<mark]
  }
  let shown = withoutUserInfo(rest)
  guard let query else { return shown }
  return shown + "?" + query.split(separator: "&").map(withoutValue).joined(separator: "&")
}

private func withoutUserInfo(_ address: Substring) -> String {
  guard let scheme = address.firstRange(of: "://") else {
    // Not an address; what stands before an @ might still be a password.
    guard let at = address.lastIndex(of: "@") else { return String(address) }
    return "***" + address[at...]
  }
  let authority = address[scheme.upperBound...].prefix { $0 != "/" }
  guard let at = authority.lastIndex(of: "@") else { return String(address) }
  return String(address[..<scheme.upperBound] + address[address.index(after: at)...])
}

private func withoutValue(_ item: Substring) -> String {
  guard let equals = item.firstIndex(of: "=") else { return "***" }
  return item[...equals] + "***"
}
