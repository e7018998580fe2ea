internal import HTTP

/// Takes out of requests, answers and messages what nobody may read.
enum Scrubber {
  static let stars = "***"

  /// Fields whose values tell nothing secret; all others are hidden.
  private static let openHeaders: Set<String> = [
    "accept", "api-version", "content-length", "content-type", "date", "etag", "metadata",
    "retry-after", "server", "strict-transport-security", "x-ms-blob-content-length",
    "x-ms-blob-type", "x-ms-client-request-id", "x-ms-copy-action", "x-ms-copy-completion-time",
    "x-ms-copy-id", "x-ms-copy-progress", "x-ms-copy-status", "x-ms-copy-status-description",
    "x-ms-correlation-request-id", "x-ms-error-code", "x-ms-failure-cause", "x-ms-page-write",
    "x-ms-range", "x-ms-ratelimit-remaining-resource",
    "x-ms-ratelimit-remaining-subscription-deletes",
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-subscription-writes", "x-ms-request-id", "x-ms-version",
  ]
  /// Fields that hold an address.
  private static let addressHeaders: Set<String> = [
    "azure-asyncoperation", "location", "x-ms-copy-source",
  ]
  /// Members of JSON whose values are secret, in lower case.
  private static let secretMembers: Set<String> = [
    "access_token", "accesstoken", "accesssas", "adminpassword", "client_assertion",
    "client_secret", "customdata", "id_token", "password", "primarykey", "protectedsettings",
    "refresh_token", "script", "secondarykey", "securitydataaccesssas", "userdata",
  ]
  /// Parts of a form that tell nothing secret.
  private static let openParts: Set<String> = [
    "api-version", "client_id", "grant_type", "monitor", "resource", "scope", "$expand",
    "$filter", "$top", "$orderby", "comp", "restype", "copyid", "forcedeletion",
    "forcedeletiontypes",
  ]

  /// An address without the values of its query that are not known to be harmless.
  static func url(_ url: String) -> String {
    guard let mark = url.firstIndex(of: "?") else { return redacted(url: url) }
    let query = form(String(url[url.index(after: mark)...].prefix { $0 != "#" }))
    return redacted(url: String(url[..<mark])) + "?" + query
  }

  /// A header with the values of secret fields hidden.
  static func headers(_ headers: HTTPHeaders) -> JSON {
    var shown: [String: JSON] = [:]
    for field in headers.fields {
      let name = field.name.lowercased()
      let value =
        openHeaders.contains(name)
        ? text(field.value) : addressHeaders.contains(name) ? url(field.value) : stars
      shown[name] = .string(value)
    }
    return .object(shown)
  }

  /// A body: JSON member by member, a form part by part, and of anything else its size.
  static func body(_ bytes: [UInt8], type: String?) -> JSON {
    guard !bytes.isEmpty else { return .null }
    let type = type?.lowercased() ?? ""
    if type.hasPrefix("application/x-www-form-urlencoded") {
      return .string(form(String(decoding: bytes, as: UTF8.self)))
    }
    if !type.hasPrefix("application/octet-stream"), let json = JSON(parsing: bytes) {
      return value(json)
    }
    return .string("\(bytes.count) bytes")
  }

  /// JSON with secret members hidden and all texts scrubbed.
  static func value(_ json: JSON) -> JSON {
    switch json {
    case .string(let text): return .string(self.text(text))
    case .array(let list): return .array(list.map(value))
    case .object(let members):
      // A storage account's keys: `{keyName, permissions, value}`.
      let isKey = members["keyName"] != nil
      return .object(
        members.reduce(into: [:]) { shown, member in
          let hidden =
            secretMembers.contains(member.key.lowercased()) || isKey && member.key == "value"
          shown[member.key] = hidden ? .string(stars) : value(member.value)
        })
    default: return json
    }
  }

  /// What stands before a secret: a signature, also in an address that is a part of another one.
  private static let marks = ["sig=", "sig%3D", "sig%3d", "Bearer ", "SharedKey "]

  /// A text without the signatures of addresses and without what says who asks.
  static func text(_ text: String) -> String {
    marks.reduce(text) { text, mark in
      let parts = text.split(separator: mark, omittingEmptySubsequences: false)
      let shown = parts.dropFirst().map { stars + $0.drop(while: isOfSecret) }
      return ([String(parts.first ?? "")] + shown).joined(separator: mark)
    }
  }

  private static func isOfSecret(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "%+/=-_.~:".contains(character)
  }

  private static func form(_ text: String) -> String {
    text.split(separator: "&", omittingEmptySubsequences: true).map { part in
      guard let equals = part.firstIndex(of: "=") else { return stars }
      let name = part[..<equals].lowercased()
      return openParts.contains(name) ? String(part) : part[...equals] + stars
    }.joined(separator: "&")
  }
}
