/// A value that expressions work with: JSON, and what is not known here.
///
/// Values share their parts, so a small one can stand for a large tree: each knows how much it
/// holds and how deep it is, and none is made beyond ``ExpressionLimits``.
struct ExpressionValue: Sendable {
  /// What the value holds.
  enum Content: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case decimal(Double)
    case string(String)
    case array([ExpressionValue])
    /// The members in order; no two keys are equal without regard to case.
    case object([Member])
    case unknown(Unknown)
  }

  /// A key and its value.
  struct Member: Sendable {
    let key: String
    let keyPosition: SourcePosition
    let value: ExpressionValue

    init(_ key: String, _ value: ExpressionValue, at keyPosition: SourcePosition? = nil) {
      self.key = key
      self.value = value
      self.keyPosition = keyPosition ?? value.position
    }
  }

  /// What a value is not known for.
  enum Unknown: Hashable, Sendable {
    /// Only Azure can tell: the function that asks it.
    case azure(function: String)
    /// The parameter has no value.
    case parameter(String)
    /// The expression failed, which is reported already.
    case failed
  }

  /// What must not be lost when values are combined.
  struct Marks: OptionSet, Sendable {
    let rawValue: UInt8
    /// The value is, or holds, something that is not known.
    static let unknown = Marks(rawValue: 1)
    /// The value comes from a secure parameter: no message shows it.
    static let secret = Marks(rawValue: 2)
  }

  let content: Content

  /// Where the document gives the value, or the expression that made it.
  let position: SourcePosition

  let marks: Marks

  /// Bytes of text and elements in it, each counted as often as it is reached.
  let weight: Int

  /// How deep it nests.
  let depth: Int

  /// Makes a value.
  /// - Throws: where it would be larger or deeper than any value may be.
  init(
    _ content: Content, at position: SourcePosition, marks: Marks = []
  ) throws(ExpressionFailure) {
    var weight = ExpressionLimits.elementWeight
    var depth = 0
    var marks = marks
    switch content {
    case .null, .bool, .integer, .decimal: break
    case .string(let text): weight += text.utf8.count
    case .unknown: marks.insert(.unknown)
    case .array(let elements):
      for element in elements {
        weight += element.weight
        depth = max(depth, element.depth + 1)
        marks.formUnion(element.marks)
      }
    case .object(let members):
      for member in members {
        weight += member.value.weight + member.key.utf8.count
        depth = max(depth, member.value.depth + 1)
        marks.formUnion(member.value.marks)
      }
    }
    guard weight <= ExpressionLimits.valueWeight else {
      throw ExpressionFailure(
        "the value is larger than any may be: \(ExpressionLimits.valueWeight) characters")
    }
    guard depth <= ExpressionLimits.valueDepth else {
      throw ExpressionFailure(
        "the value nests deeper than \(ExpressionLimits.valueDepth) levels")
    }
    self.content = content
    self.position = position
    self.marks = marks
    self.weight = weight
    self.depth = depth
  }

  /// The same value with these marks added, at this place where one is given.
  init(_ value: ExpressionValue, adding marks: Marks, at position: SourcePosition? = nil) {
    content = value.content
    self.position = position ?? value.position
    self.marks = value.marks.union(marks)
    weight = value.weight
    depth = value.depth
  }

  /// A value that is not known.
  init(unknown: Unknown, at position: SourcePosition) {
    content = .unknown(unknown)
    self.position = position
    marks = .unknown
    weight = ExpressionLimits.elementWeight
    depth = 0
  }

  /// Whether it is, or holds, something that is not known.
  var isOpen: Bool { marks.contains(.unknown) }

  /// The first reason why it, or something in it, is not known.
  var openReason: Unknown? {
    guard isOpen else { return nil }
    return switch content {
    case .unknown(let reason): reason
    case .array(let elements): elements.first(where: \.isOpen)?.openReason
    case .object(let members): members.first(where: \.value.isOpen)?.value.openReason
    default: nil
    }
  }
}

extension ExpressionValue {
  /// Takes a value as it stands in a document, without evaluating anything.
  init(literal: JSONValue, marks: Marks = []) throws(ExpressionFailure) {
    let content: Content
    switch literal.content {
    case .null: content = .null
    case .bool(let value): content = .bool(value)
    case .number(let text): content = try Self.number(text)
    case .string(let text): content = .string(text)
    case .array(let elements):
      content = .array(
        try elements.map { element throws(ExpressionFailure) in
          try ExpressionValue(literal: element, marks: marks)
        })
    case .object(let members):
      var object = ObjectBuilder()
      for member in members {
        object.set(
          member.key, try ExpressionValue(literal: member.value, marks: marks),
          at: member.keyPosition)
      }
      content = .object(object.members)
    }
    try self.init(content, at: literal.position, marks: marks)
  }

  /// The number that `text` stands for.
  static func number(_ text: String) throws(ExpressionFailure) -> Content {
    if let integer = Int(text) { return .integer(integer) }
    guard let decimal = Double(text), decimal.isFinite else {
      throw ExpressionFailure("\(quoted(text)) is a number that no program can hold")
    }
    return .decimal(decimal)
  }

  /// The member with this key, without regard to case.
  func member(_ key: String) -> ExpressionValue? {
    guard case .object(let members) = content else { return nil }
    if let exact = members.first(where: { $0.key == key }) { return exact.value }
    let folded = key.lowercased()
    // Most keys differ in length already; only beyond ASCII does case change that.
    let length = folded.utf8.allSatisfy { $0 < 0x80 } ? folded.utf8.count : nil
    return members.first { member in
      if let length, member.key.utf8.count != length { return false }
      return member.key.lowercased() == folded
    }?.value
  }

  /// The value as a message names it; a secret is never shown.
  var spoken: String {
    if marks.contains(.secret) { return "a secret" }
    return switch content {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "the number `\(value)`"
    case .decimal(let value): "the number `\(value)`"
    case .string(let text): "the string \(quoted(text))"
    case .array(let elements): "an array of \(elements.count)"
    case .object(let members): "an object of \(members.count)"
    case .unknown: "a value that is not known here"
    }
  }
}

/// An object as it grows: a key replaces an equal one, without regard to case, in its place.
struct ObjectBuilder {
  private(set) var members: [ExpressionValue.Member] = []
  private var places: [String: Int] = [:]

  init(_ members: [ExpressionValue.Member] = []) {
    for member in members { set(member.key, member.value, at: member.keyPosition) }
  }

  /// The value of a key.
  subscript(key: String) -> ExpressionValue? {
    places[key.lowercased()].map { members[$0].value }
  }

  mutating func set(_ key: String, _ value: ExpressionValue, at position: SourcePosition? = nil) {
    let folded = key.lowercased()
    if let place = places[folded] {
      members[place] = ExpressionValue.Member(members[place].key, value, at: position)
    } else {
      places[folded] = members.count
      members.append(ExpressionValue.Member(key, value, at: position))
    }
  }
}
