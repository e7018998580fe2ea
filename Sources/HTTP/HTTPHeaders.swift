/// The header fields of a request or a response: in order, looked up without regard to case.
public struct HTTPHeaders: Sendable, Equatable {
  /// One header field.
  public struct Field: Sendable, Equatable {
    /// The name, in the case in which it was given.
    public let name: String
    /// The value, without white space around it.
    public let value: String
  }

  /// All fields, in the order in which they were given or arrived.
  public private(set) var fields: [Field] = []

  /// No fields.
  public init() {}

  /// The first value of the field `name`, in whatever case; setting it replaces every field of
  /// that name, and `nil` removes them.
  public subscript(name: String) -> String? {
    get { fields.first { Self.same($0.name, name) }?.value }
    set {
      fields.removeAll { Self.same($0.name, name) }
      if let newValue { add(name, newValue) }
    }
  }

  /// Every value of the field `name`, in order.
  public func values(of name: String) -> [String] {
    fields.filter { Self.same($0.name, name) }.map(\.value)
  }

  /// Adds a field after the others, also where there is one of that name.
  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  private static func same(_ one: String, _ other: String) -> Bool {
    one.utf8.count == other.utf8.count && one.lowercased() == other.lowercased()
  }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
  /// The fields of the literal, in its order.
  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }
}

extension HTTPHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The names alone: values such as `Authorization` are secrets.
  public var description: String { fields.map { "\($0.name): ***" }.joined(separator: ", ") }

  /// The same text as ``description``.
  public var debugDescription: String { description }

  /// The same text as ``description``, so that `dump` shows no secret either.
  public var customMirror: Mirror { Mirror(self, children: ["names": description]) }
}
