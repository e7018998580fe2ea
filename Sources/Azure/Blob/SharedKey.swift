internal import CCrypto
internal import FoundationEssentials
internal import HTTP
internal import Pipeline

/// A storage account's key, which signs requests where a token's owner may not see blobs.
///
/// The text that is signed is that of Microsoft's "Authorize with Shared Key", for versions of the
/// service from 2015-02-21 on.
struct SharedKey: Sendable {
  /// The account's name.
  let account: String
  private let key: Secret

  /// The fields that are signed by their place, in order; the length is among them.
  private static let places = [
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
  ]

  /// A key in base64, as `listKeys` has it.
  init(account: String, key: Secret) {
    self.account = account
    self.key = key
  }

  /// The request with the time and the signature.
  func signed(_ request: HTTPRequest, at time: Int64) -> HTTPRequest {
    var request = request
    request.headers["x-ms-date"] = Self.date(time)
    let text = Self.text(of: request, account)
    let signature = Self.hmac(text, key.revealed)
    request.headers["Authorization"] = "SharedKey \(account):\(signature)"
    return request
  }

  /// What is signed.
  static func text(of request: HTTPRequest, _ account: String) -> String {
    let fields = request.headers.fields.map { ($0.name.lowercased(), $0.value) }
    let named = Dictionary(fields) { first, _ in first }
    let length = request.body.isEmpty ? "" : "\(request.body.count)"
    let placed = places.map { $0 == "content-length" ? length : named[$0] ?? "" }
    let own = fields.filter { $0.0.hasPrefix("x-ms-") }.sorted { $0.0 < $1.0 }
    let lines = [request.method.rawValue] + placed + own.map { "\($0.0):\($0.1)" }
    return lines.joined(separator: "\n") + "\n" + resource(request.url, account)
  }

  private static func resource(_ url: String, _ account: String) -> String {
    let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
    let target = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { item in
      let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = pair.count > 1 ? String(pair[1]) : ""
      return "\(pair[0].lowercased()):\(value)"
    }
    return (["/\(account)\(parts[0])"] + query.sorted()).joined(separator: "\n")
  }

  private static func hmac(_ text: String, _ key: String) -> String {
    let secret = Array(Data(base64Encoded: key) ?? Data())
    let bytes = Array(text.utf8)
    var digest = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 32
    _ = CCrypto.HMAC(
      EVP_sha256(), secret, Int32(secret.count), bytes, bytes.count, &digest, &count)
    return Data(digest).base64EncodedString()
  }

  /// The time in RFC 1123's form.
  private static func date(_ time: Int64) -> String {
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    // 2026-11-25T18:30:00Z
    let text = "\(Timestamp(seconds: Int(time), nanoseconds: 0))"
    let day = text.prefix(10).split(separator: "-")
    guard day.count == 3, let month = Int(day[1]), months.indices.contains(month - 1) else {
      return text
    }
    let week = days[Int(time / 86400 % 7)]
    return "\(week), \(day[2]) \(months[month - 1]) \(day[0]) \(text.dropFirst(11).prefix(8)) GMT"
  }
}
