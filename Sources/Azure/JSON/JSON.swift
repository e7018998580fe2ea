/// A JSON value, as requests to Azure and their answers hold it.
///
/// Names of members are compared as they are written; Azure keeps their case.
public enum JSON: Sendable, Hashable {
  /// `null`.
  case null
  /// `true` or `false`.
  case boolean(Bool)
  /// A whole number.
  case integer(Int64)
  /// Any other number.
  case number(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSON])
  /// Names and their values.
  case object([String: JSON])
}

extension JSON {
  /// The value of a name; `nil` where this is no object or has none of that name.
  ///
  /// Setting it makes an object of whatever was there; `nil` removes the name.
  public subscript(_ name: String) -> JSON? {
    get { if case .object(let members) = self { members[name] } else { nil } }
    set {
      var members = self.members
      members[name] = newValue
      self = .object(members)
    }
  }

  /// The value at the end of a path of names; `nil` where it leads nowhere.
  public subscript(path path: String...) -> JSON? {
    path.reduce(self as JSON?) { value, name in value?[name] }
  }

  /// The text, where it is one.
  public var text: String? { if case .string(let text) = self { text } else { nil } }

  /// The whole number, where it is one.
  public var int: Int64? { if case .integer(let number) = self { number } else { nil } }

  /// The truth value, where it is one.
  public var bool: Bool? { if case .boolean(let value) = self { value } else { nil } }

  /// The elements of a list; none for anything else.
  public var elements: [JSON] { if case .array(let list) = self { list } else { [] } }

  /// The members of an object; none for anything else.
  public var members: [String: JSON] {
    if case .object(let members) = self { members } else { [:] }
  }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A list.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// Names and their values; of equal names, the last counts.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(elements) { $1 })
  }

  /// An object of texts, as tags are.
  public init(_ texts: [String: String]) { self = .object(texts.mapValues { .string($0) }) }
}
