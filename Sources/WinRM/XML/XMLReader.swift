/// Reads the XML that Windows machines answer with, and no more of XML than that.
///
/// A document type is refused, and with it every entity that a document could declare: nothing
/// grows and nothing is fetched. Depth, elements and attributes are bounded; the length is for the
/// caller to bound. Only UTF-8 is read.
struct XMLReader {
  /// How deep elements may stand in each other: Microsoft's own messages have about 12 levels.
  static let depthLimit = 64
  /// How many elements a document may have.
  static let elementLimit = 100_000
  /// How many attributes, declarations of namespaces included, an element may have.
  static let attributeLimit = 64

  var cursor: XMLCursor
  /// The namespaces that are declared, by prefix, for each open element.
  private var scopes: [[String: String]] = [["xml": "http://www.w3.org/XML/1998/namespace"]]
  /// The open elements, with their names as they were written.
  private var open: [(element: XMLElement, raw: String)] = []
  private var elements = 0

  private init(_ bytes: [UInt8]) { cursor = XMLCursor(bytes) }

  /// Reads a document and returns its outermost element.
  static func read(_ bytes: [UInt8]) throws(XMLError) -> XMLElement {
    var reader = XMLReader(bytes)
    return try reader.document()
  }

  private mutating func document() throws(XMLError) -> XMLElement {
    cursor.skip("\u{FEFF}")
    var root: XMLElement?
    while !cursor.isAtEnd {
      if cursor.skip("<?") {
        _ = try cursor.upTo("?>")
      } else if cursor.skip("<!--") {
        _ = try cursor.upTo("-->")
      } else if cursor.skip("<![CDATA[") {
        try take(String(decoding: try cursor.upTo("]]>"), as: UTF8.self))
      } else if cursor.skip("<!") {
        throw cursor.error("a document type is not allowed")
      } else if cursor.skip("</") {
        if let ended = try end() { root = ended }
      } else if cursor.skip("<") {
        guard root == nil else { throw cursor.error("a second outermost element") }
        if let ended = try start() { root = ended }
      } else {
        try take(try cursor.text(upTo: UInt8(ascii: "<")))
      }
    }
    guard open.isEmpty, let root else { throw cursor.error("the document ends too early") }
    return root
  }

  private mutating func take(_ text: String) throws(XMLError) {
    guard !open.isEmpty else {
      guard text.utf8.allSatisfy(XMLCursor.isBlank) else {
        throw cursor.error("text outside of the outermost element")
      }
      return
    }
    open[open.count - 1].element.text += text
  }

  /// Reads a start tag; returns the element where it is empty and the outermost one.
  private mutating func start() throws(XMLError) -> XMLElement? {
    elements += 1
    guard elements <= Self.elementLimit else { throw cursor.error("too many elements") }
    guard open.count < Self.depthLimit else { throw cursor.error("elements too deep") }
    let raw = try cursor.name()
    var attributes: [(name: String, value: String)] = []
    var scope = scopes[scopes.count - 1]
    while true {
      let spaced = cursor.skipBlanks()
      if cursor.skip("/>") || cursor.isAt(">") { break }
      guard spaced else { throw cursor.error("no space before an attribute") }
      let (name, value) = try attribute()
      guard attributes.count < Self.attributeLimit else {
        throw cursor.error("too many attributes")
      }
      if name == "xmlns" { scope[""] = value }
      if name.hasPrefix("xmlns:") { scope[String(name.dropFirst(6))] = value }
      attributes.append((name, value))
    }
    let isEmpty = !cursor.skip(">")
    var element = XMLElement(name: try resolve(raw, in: scope, defaults: scope[""] ?? ""))
    for (name, value) in attributes where name != "xmlns" && !name.hasPrefix("xmlns:") {
      let resolved = try resolve(name, in: scope, defaults: "")
      guard element.attributes.updateValue(value, forKey: resolved) == nil else {
        throw cursor.error("the attribute \(name) stands twice")
      }
    }
    guard !isEmpty else { return close(element) }
    scopes.append(scope)
    open.append((element, raw))
    return nil
  }

  private mutating func attribute() throws(XMLError) -> (String, String) {
    let name = try cursor.name()
    cursor.skipBlanks()
    guard cursor.skip("=") else { throw cursor.error("an attribute without a value") }
    cursor.skipBlanks()
    let quote: UInt8
    if cursor.skip("\"") {
      quote = UInt8(ascii: "\"")
    } else if cursor.skip("'") {
      quote = UInt8(ascii: "'")
    } else {
      throw cursor.error("a value without quotes")
    }
    let value = try cursor.text(upTo: quote)
    guard cursor.skip(quote) else { throw cursor.error("a value without an end") }
    return (name, value)
  }

  /// Reads an end tag; returns the element where it is the outermost one.
  private mutating func end() throws(XMLError) -> XMLElement? {
    let raw = try cursor.name()
    cursor.skipBlanks()
    guard cursor.skip(">") else { throw cursor.error("an end tag without an end") }
    guard let last = open.popLast(), last.raw == raw else {
      throw cursor.error("the end tag \(raw) ends nothing")
    }
    scopes.removeLast()
    return close(last.element)
  }

  private mutating func close(_ element: XMLElement) -> XMLElement? {
    guard !open.isEmpty else { return element }
    open[open.count - 1].element.children.append(element)
    return nil
  }

  private func resolve(
    _ raw: String, in scope: [String: String], defaults: String
  ) throws(XMLError) -> XMLElement.Name {
    let parts = raw.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return XMLElement.Name(defaults, raw) }
    guard let namespace = scope[String(parts[0])], !parts[1].isEmpty else {
      throw cursor.error("the prefix of \(raw) is not declared")
    }
    return XMLElement.Name(namespace, String(parts[1]))
  }
}
