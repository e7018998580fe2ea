extension TemplateFunction {
  /// Addresses, taken apart and put together.
  static let addresses: [TemplateFunction] = [
    TemplateFunction("parseUri", 1...1) { call throws(ExpressionFailure) in
      guard let address = AddressParts(try call.string(0)) else {
        throw call.failure("\(call[0].spoken) is no absolute address: it begins as `https://host`")
      }
      var object = ObjectBuilder()
      object.set("scheme", try call.value(.string(address.scheme)))
      object.set("host", try call.value(.string(address.host)))
      object.set("port", try call.value(address.port.map { .integer($0) } ?? .null))
      object.set("path", try call.value(.string(address.path)))
      object.set("query", try call.value(.string(address.query)))
      return .object(object.members)
    },
    TemplateFunction("buildUri", 1...1) { call throws(ExpressionFailure) in
      _ = try call.object(0)
      let address = AddressParts(
        scheme: try part("scheme", call), host: try part("host", call), port: try port(call),
        path: try part("path", call, orElse: ""), query: try part("query", call, orElse: ""))
      // What can't be read again was put together wrong.
      guard let read = AddressParts(address.text), read == address else {
        throw call.failure("the parts make no address: \(quoted(address.text))")
      }
      return .string(address.text)
    },
  ]

  private static func part(
    _ name: String, _ call: Arguments, orElse standard: String? = nil
  ) throws(ExpressionFailure) -> String {
    switch call[0].member(name)?.content {
    case .string(let text): return text
    case nil, .null:
      if let standard { return standard }
      throw call.failure("the object has no `\(name)`")
    default: throw call.failure("`\(name)` must be a string")
    }
  }

  private static func port(_ call: Arguments) throws(ExpressionFailure) -> Int? {
    switch call[0].member("port")?.content {
    case nil, .null: return nil
    case .integer(let port) where AddressParts.ports.contains(port): return port
    default: throw call.failure("`port` must be a whole number from 0 to 65535, or null")
    }
  }
}

/// The parts of an absolute address with a host (RFC 3986, section 3); a fragment is none of them.
struct AddressParts: Hashable, Sendable {
  static let ports = 0...65535

  let scheme: String
  let host: String
  /// The port, where it is written.
  let port: Int?
  /// Empty, or with its `/`.
  let path: String
  /// Empty, or with its `?`.
  let query: String

  init(scheme: String, host: String, port: Int?, path: String, query: String) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path.isEmpty || path.hasPrefix("/") ? path : "/\(path)"
    self.query = query.isEmpty || query.hasPrefix("?") ? query : "?\(query)"
  }

  /// Takes an address apart; `nil` for anything that is none.
  init?(_ text: String) {
    guard let scheme = URIReference.scheme(of: text),
      case let rest = text.dropFirst(scheme.count + 1), rest.hasPrefix("//")
    else { return nil }
    let authority = rest.dropFirst(2).prefix { !"/?#".contains($0) }
    let tail = rest[authority.endIndex...].prefix { $0 != "#" }
    let path = tail.prefix { $0 != "?" }
    // A login is no part that the function gives, and an address of version 6 has its own colons.
    let server = authority.drop(while: { $0 != "@" }).dropFirst()
    let place = server.isEmpty ? authority : server
    var host = place
    var port: Int?
    if let colon = place.lastIndex(of: ":"), !place[colon...].contains("]") {
      host = place[..<colon]
      guard let number = Int(place[place.index(after: colon)...]), Self.ports.contains(number)
      else { return nil }
      port = number
    }
    guard !host.isEmpty, !host.contains(where: \.isWhitespace) else { return nil }
    self.init(
      scheme: scheme, host: String(host), port: port, path: String(path),
      query: String(tail[path.endIndex...]))
  }

  var text: String {
    "\(scheme)://\(host)\(port.map { ":\($0)" } ?? "")\(path)\(query)"
  }
}
