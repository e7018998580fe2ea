extension Evaluator {
  /// The value of a part of the document: its expressions are evaluated, its loops go round.
  func value(
    of literal: JSONValue, in frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    try session.step()
    return switch literal.content {
    case .string(let text): try value(ofText: text, at: literal.position, frame)
    case .array(let elements): try value(of: elements, at: literal.position, frame)
    case .object(let members): try value(of: members, at: literal.position, frame)
    default: try ExpressionValue(literal: literal)
    }
  }

  /// The value of a string of the document.
  private func value(
    ofText text: String, at position: SourcePosition, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    switch ExpressionText(text) {
    case .literal(let text):
      try session.charge(text.utf8.count)
      return try ExpressionValue(.string(text), at: position)
    case .expression(let text):
      var inner = frame
      inner.position = position
      do throws(ExpressionFailure) {
        return try value(of: try session.expression(text), in: inner)
      } catch {
        guard frame.failures == .collected else { throw error.placed(at: position) }
        session.report(error, at: position, path: frame.path)
        return ExpressionValue(unknown: .failed, at: position)
      }
    }
  }

  private func value(
    of elements: [JSONValue], at position: SourcePosition, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    var values: [ExpressionValue] = []
    for (index, element) in elements.enumerated() {
      var inner = frame
      inner.path += "[\(index)]"
      values.append(try value(of: element, in: inner))
    }
    return try ExpressionValue(.array(values), at: position)
  }

  private func value(
    of members: [JSONMember], at position: SourcePosition, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    var object = ObjectBuilder()
    for member in members {
      var inner = frame
      inner.path += inner.path.isEmpty ? member.key : ".\(member.key)"
      if member.key.lowercased() == "copy", let loops = CopyLoop.properties(member.value) {
        for loop in loops {
          object.set(loop.name, try values(of: loop, in: inner), at: member.keyPosition)
        }
        continue
      }
      let key = try key(of: member, inner)
      object.set(key, try value(of: member.value, in: inner), at: member.keyPosition)
    }
    return try ExpressionValue(.object(object.members), at: position)
  }

  /// A key may be an expression: the ids of identities are keys.
  private func key(
    of member: JSONMember, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) -> String {
    let key = try value(ofText: member.key, at: member.keyPosition, frame)
    switch key.content {
    case .string(let text): return text
    case .unknown(let reason): return reason.expression
    default:
      throw ExpressionFailure("a key must be a string, not \(key.spoken)")
        .placed(at: member.keyPosition)
    }
  }

  /// What each turn of a loop over a property or a variable gives.
  func values(
    of loop: CopyLoop, in frame: EvaluationFrame
  ) throws(ExpressionFailure) -> ExpressionValue {
    let count: Int
    switch try self.count(of: loop, in: frame) {
    case .known(let known): count = known
    case .unknown(let reason): return ExpressionValue(unknown: reason, at: loop.position)
    }
    var values: [ExpressionValue] = []
    for index in 0..<count {
      try session.step()
      let turn = EvaluationFrame.Loop(name: loop.name, index: index, kind: .property)
      values.append(try value(of: loop.input, in: frame.inside(turn)))
    }
    return try ExpressionValue(.array(values), at: loop.position)
  }

  /// How often a loop goes round.
  enum Count {
    case known(Int)
    case unknown(ExpressionValue.Unknown)
  }

  func count(
    of loop: CopyLoop, in frame: EvaluationFrame
  ) throws(ExpressionFailure) -> Count {
    var thrown = frame
    thrown.failures = .thrown
    let value = try value(of: loop.count, in: thrown)
    if case .unknown(let reason) = value.content { return .unknown(reason) }
    var count: Int?
    switch value.content {
    case .integer(let number): count = number
    case .string(let text): count = Int(text)
    default: break
    }
    guard let count, 0...ExpressionLimits.copyCount ~= count else {
      throw ExpressionFailure(
        "the loop \(quoted(loop.name)) must have a count from 0 to "
          + "\(ExpressionLimits.copyCount), not \(value.spoken)"
      ).placed(at: loop.count.position)
    }
    return .known(count)
  }
}

/// A `copy` loop of a document.
struct CopyLoop {
  let name: String
  let count: JSONValue
  let input: JSONValue
  let position: SourcePosition

  /// The loops of an object or of the variables: an array of objects with `name`, `count` and
  /// `input`; `nil` for anything else that is called `copy`.
  static func properties(_ value: JSONValue) -> [CopyLoop]? {
    guard case .array(let elements) = value.content, !elements.isEmpty else { return nil }
    var loops: [CopyLoop] = []
    for element in elements {
      guard let name = element.text("name"), let count = element.field("count"),
        let input = element.field("input")
      else { return nil }
      loops.append(CopyLoop(name: name, count: count, input: input, position: element.position))
    }
    return loops
  }

  /// The loop of a resource, whose input is the resource itself.
  static func resource(_ value: JSONValue, _ resource: JSONValue) -> CopyLoop? {
    guard let count = value.field("count") else { return nil }
    return CopyLoop(
      name: value.text("name") ?? "", count: count, input: resource, position: value.position)
  }
}

extension JSONValue {
  /// The value of a member, without regard to the case of its key.
  func field(_ key: String) -> JSONValue? { fieldMember(key)?.value }

  /// The member with this key, without regard to case.
  func fieldMember(_ key: String) -> JSONMember? {
    guard case .object(let members) = content else { return nil }
    let folded = key.lowercased()
    return members.last { $0.key == key } ?? members.last { $0.key.lowercased() == folded }
  }

  /// The text of a member, if it is one.
  func text(_ key: String) -> String? {
    guard case .string(let text) = field(key)?.content else { return nil }
    return text
  }

  /// The members of an object; none of anything else.
  var fields: [JSONMember] {
    guard case .object(let members) = content else { return [] }
    return members
  }
}
