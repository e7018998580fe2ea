/// What Azure Image Builder finds wrong, for its own wording of it.
///
/// The words are those of answers that were published (`aib.md` a.7 and b.3): errors of the
/// service's own validation, and of the decoder that it has since 2024-02-01.
enum ServiceFault {
  /// A field has a value that it can't have.
  case badValue
  /// A field has a word that is not known: the service has lost it when it says so.
  case unknownWord
  /// The object lacks a field.
  case missing(String)
  /// The object has a field that the version does not know.
  case unknownField(String, APIVersion)
  /// No public source shows what the service says.
  case unworded

  private static let page = "http://aka.ms/azvmimagebuildertmplref"

  /// The sentence for a fault of the value at `node`; `nil` where it is not known.
  func wording(of node: Node) -> String? {
    switch self {
    case .unworded:
      return nil
    case .missing(let field):
      let path = node.path.isEmpty ? "ImageTemplate" : "ImageTemplate.\(node.path)"
      return "Validation failed: '\(path)': Missing field '\(field)'. Please review \(Self.page) "
        + "for details on fields required in the Image Builder Template."
    case .badValue:
      return Self.badValue(Self.text(of: node.value), at: node.path)
    case .unknownWord:
      return Self.badValue("", at: node.path)
    case .unknownField(let field, let version):
      return Self.unknown(field, in: node.path, version)
    }
  }

  private static func badValue(_ value: String, at path: String) -> String {
    // The service names the nearest object that is in no array, and the rest of the path from it.
    let parts = path.split(separator: ".")
    let whole = parts.prefix { !$0.contains("[") }
    let container = ["ImageTemplate"] + whole.prefix(parts.count - 1).map(String.init)
    let field = parts.dropFirst(container.count - 1).joined(separator: ".")
    return "Validation failed: '\(container.joined(separator: "."))': Field '\(field)' has a bad "
      + "value: '\(value)'. Please review  \(page)  for details on fields requirements in the "
      + "Image Builder Template."
  }

  private static func text(of value: JSONValue) -> String {
    switch value.content {
    case .string(let text): printable(withoutQuery(beginning(of: text)))
    case .number(let text): text
    case .bool(let flag): "\(flag)"
    case .null, .array, .object: ""
    }
  }

  /// The objects whose types the service's decoder names as their fields are called.
  private static let knownTypes = [
    "", "properties", "properties.optimize", "properties.validate", "properties.errorHandling",
  ]

  private static func unknown(_ field: String, in path: String, _ version: APIVersion) -> String? {
    guard knownTypes.contains(path) else { return nil }
    var type = "*v\(version.rawValue.replacing("-", with: "_")).ImageTemplate"
    var chain = "unmarshalling type \(type)"
    for name in path.split(separator: ".") {
      let title = name.prefix(1).uppercased() + name.dropFirst()
      type += title
      chain += ": struct field \(title): unmarshalling type \(type)"
    }
    return "Unmarshalling entity encountered error: \(chain)"
      + (path.isEmpty ? "" : ": unmarshalling type \(type)")
      + ", unknown field \"\(printable(field))\". There is an issue with the syntax with the JSON "
      + "template you are submitting. Please check the JSON template for syntax and grammar. For "
      + "more information on the syntax and grammar of the JSON template, visit \(page)."
  }
}
