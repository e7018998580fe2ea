internal import HTTP

/// What an error of Azure says, in whatever form it comes (`azure.md` 1.3).
struct ARMErrorBody: Sendable, Equatable {
  /// The outermost code.
  let code: String?
  /// The outermost message.
  let message: String?
  /// What it says in detail: code and message of each.
  let details: [ARMErrorBody]

  /// How deep details are followed: deeper ones were never seen.
  private static let depthLimit = 4
  /// How much of a body that is no JSON is shown, in characters.
  private static let shownText = 300

  /// Reads the body of an answer: ARM's envelope, a bare code and message in either case, the
  /// storage service's XML, any text, or nothing.
  init(_ answer: HTTPResponse) {
    if let json = JSON(parsing: answer.body), json != .null {
      let body = ARMErrorBody(json)
      if body.code != nil || body.message != nil {
        self = body
        return
      }
    }
    let text = answer.text
    code = answer.headers["x-ms-error-code"] ?? Self.element("Code", of: text)
    details = []
    if let message = Self.element("Message", of: text) {
      // The service adds its request id and the time on lines of their own.
      self.message = message.split(separator: "\n").first.map(String.init)
    } else {
      let isPage = text.contains("<") || text.isEmpty
      message = isPage ? nil : String(text.prefix(Self.shownText))
    }
  }

  /// Reads an error object, or an object that has one as its `error`.
  init(_ json: JSON) { self.init(json, depth: 0) }

  private init(_ json: JSON, depth: Int) {
    let error = json["error"].map { $0.members.isEmpty ? json : $0 } ?? json
    code = (error["code"] ?? error["Code"] ?? error["error"])?.text
    let message = (error["message"] ?? error["Message"] ?? error["error_description"])?.text
    let inner = error["details"]?.elements ?? []
    guard depth < Self.depthLimit else {
      self.message = message
      details = []
      return
    }
    var details = inner.map { ARMErrorBody($0, depth: depth + 1) }
    // The Marketplace puts an error as text into a message.
    if let message, message.first == "{", let nested = JSON(parsing: Array(message.utf8)) {
      details.append(ARMErrorBody(nested, depth: depth + 1))
      self.message = nil
    } else {
      self.message = message
    }
    self.details = details
  }

  /// All codes, the outermost first.
  var codes: [String] { [code].compactMap { $0 } + details.flatMap(\.codes) }

  /// All messages, the outermost first.
  var messages: [String] { [message].compactMap { $0 } + details.flatMap(\.messages) }

  /// The error in ARM's own words: its message, then what the details add to it.
  var sentence: String {
    var said: [String] = []
    for detail in flat {
      let text = detail.message ?? detail.code ?? ""
      guard !text.isEmpty, !said.contains(where: { $0.contains(text) }) else { continue }
      said.append(said.isEmpty || detail.code == nil ? text : "\(detail.code ?? ""): \(text)")
    }
    let line = said.joined(separator: " ").split { $0.isNewline }.joined(separator: " ")
    return line.isEmpty ? "it gave no reason" : line
  }

  private var flat: [ARMErrorBody] { [self] + details.flatMap(\.flat) }

  /// The text of an XML element without attributes.
  private static func element(_ name: String, of text: String) -> String? {
    guard let start = text.firstRange(of: "<\(name)>"),
      let end = text[start.upperBound...].firstRange(of: "</\(name)>")
    else { return nil }
    return String(text[start.upperBound..<end.lowerBound])
  }
}
