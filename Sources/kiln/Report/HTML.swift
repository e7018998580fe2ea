import Pipeline

/// A piece of a page, in which every text is escaped.
struct HTML {
  /// The markup.
  private(set) var markup: String

  private init(markup: String) { self.markup = markup }

  /// A text: nothing in it is markup or can steer what shows it.
  static func text(_ text: String) -> HTML {
    HTML(markup: escaped(LegibleText.legible(text)))
  }

  /// The end of a line, where lines count.
  static let newline = HTML(markup: "\n")

  /// Pieces one after the other.
  static func all(_ pieces: [HTML]) -> HTML { HTML(markup: pieces.map(\.markup).joined()) }

  /// An element with attributes and content.
  static func element(
    _ name: Name, _ attributes: [Attribute] = [], _ content: [HTML] = []
  ) -> HTML {
    let list = attributes.map { " \($0.name)=\"\(escaped(LegibleText.legible($0.value)))\"" }
    let start = "<\(name.rawValue)\(list.joined())>"
    guard !name.isVoid else { return HTML(markup: start) }
    return HTML(markup: start + content.map(\.markup).joined() + "</\(name.rawValue)>")
  }

  /// A whole page with this title and style.
  static func page(title: String, style: StaticString, _ body: [HTML]) -> HTML {
    let head = all([
      element(.meta, [Attribute("charset", "utf-8")]),
      element(
        .meta, [Attribute("name", "viewport"), Attribute("content", "width=device-width")]),
      // The page has nothing to load and nothing to run: a browser is told to refuse both.
      element(
        .meta,
        [
          Attribute("http-equiv", "Content-Security-Policy"),
          Attribute("content", "default-src 'none'; style-src 'unsafe-inline'"),
        ]),
      element(.title, [], [text(title)]), HTML(markup: "<style>\(style)</style>"),
    ])
    let page = element(.html, [Attribute("lang", "en")], [head, element(.body, [], body)])
    return HTML(markup: "<!DOCTYPE html>\n\(page.markup)\n")
  }

  /// The elements that there are.
  enum Name: String {
    case body, code, dd, details, div, dl, dt, h1, h2, html, meta, ol, p, pre, section, span,
      summary
    case table, tbody, td, th, thead, title, tr

    var isVoid: Bool { self == .meta }
  }

  /// An attribute of an element.
  struct Attribute {
    let name: String
    let value: String

    /// Names an attribute.
    init(_ name: StaticString, _ value: String) {
      self.name = "\(name)"
      self.value = value
    }

    /// The class, for the style.
    static func look(_ name: String) -> Attribute { Attribute("class", name) }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
