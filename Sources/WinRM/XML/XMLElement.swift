/// An element of a document that was read whole, with what is below it.
struct XMLElement: Sendable, Equatable {
  /// A name with the namespace that it stands in; the empty text is no namespace.
  struct Name: Sendable, Hashable {
    let namespace: String
    let local: String

    init(_ namespace: String, _ local: String) {
      self.namespace = namespace
      self.local = local
    }
  }

  let name: Name
  /// The attributes, without the declarations of namespaces.
  var attributes: [Name: String] = [:]
  /// The elements directly below, in order.
  var children: [XMLElement] = []
  /// The text directly below, without that of the children.
  var text = ""

  /// The first child of this name.
  func child(_ namespace: String, _ local: String) -> XMLElement? {
    children.first { $0.name == Name(namespace, local) }
  }

  /// The children of this name, in order.
  func all(_ namespace: String, _ local: String) -> [XMLElement] {
    children.filter { $0.name == Name(namespace, local) }
  }

  /// The first element of this name anywhere below, in the order of the document.
  func descendant(_ namespace: String, _ local: String) -> XMLElement? {
    for child in children {
      if child.name == Name(namespace, local) { return child }
      if let deeper = child.descendant(namespace, local) { return deeper }
    }
    return nil
  }

  /// An attribute without a namespace.
  func attribute(_ local: String) -> String? { attributes[Name("", local)] }

  /// The text without white space around it, which printers of XML add as they like.
  var trimmedText: String {
    let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }
    let bytes = text.utf8.drop(while: blank)
    guard let last = bytes.lastIndex(where: { !blank($0) }) else { return "" }
    return String(bytes[...last]) ?? text
  }

  /// All text below, in the order of the document but for text between children.
  var wholeText: String { children.reduce(text) { $0 + $1.wholeText } }
}

/// Why bytes are not a document that is read here.
struct XMLError: Error, Equatable, CustomStringConvertible {
  /// What is wrong, as a clause.
  let reason: String
  /// Where, as a count of bytes before it.
  let offset: Int

  var description: String { "\(reason) at byte \(offset)" }
}
