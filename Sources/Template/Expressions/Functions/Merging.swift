extension TemplateFunction {
  /// What puts arrays and objects together, and compares them.
  static let merging: [TemplateFunction] = [
    TemplateFunction("union", 1...many, .arguments, effort: 2) { call throws(ExpressionFailure) in
      if case .array = call[0].content {
        var seen: Set<String> = []
        var elements: [ExpressionValue] = []
        for index in call.values.indices {
          for element in try call.array(index) where seen.insert(element.identity).inserted {
            elements.append(element)
          }
        }
        return .array(elements)
      }
      var merged = ObjectBuilder(try call.object(0))
      for index in call.values.indices.dropFirst() {
        try merge(try call.object(index), into: &merged)
      }
      return .object(merged.members)
    },
    TemplateFunction("intersection", 1...many, effort: 2) { call throws(ExpressionFailure) in
      if case .array(var elements) = call[0].content {
        for index in call.values.indices.dropFirst() {
          let other = Set(try call.array(index).map(\.identity))
          elements = elements.filter { other.contains($0.identity) }
        }
        var seen: Set<String> = []
        return .array(elements.filter { seen.insert($0.identity).inserted })
      }
      var members = try call.object(0)
      for index in call.values.indices.dropFirst() {
        let other = ObjectBuilder(try call.object(index))
        members = members.filter { other[$0.key]?.equals($0.value) == true }
      }
      return .object(members)
    },
    TemplateFunction("shallowMerge", 1...1, .arguments) { call throws(ExpressionFailure) in
      var merged = ObjectBuilder()
      for element in try call.array(0) {
        guard case .object(let members) = element.content else {
          throw call.wrong(0, "an array of objects")
        }
        for member in members { merged.set(member.key, member.value, at: member.keyPosition) }
      }
      return .object(merged.members)
    },
    TemplateFunction("contains", 2...2, .arguments) { call throws(ExpressionFailure) in
      // Which keys an object has is known, whatever their values are.
      if case .array = call[0].content, let reason = call[0].openReason ?? call[1].openReason {
        return .unknown(reason)
      }
      switch call[0].content {
      case .string(let text):
        let part: String
        switch call[1].content {
        case .string, .integer: part = call[1].text
        default: throw call.wrong(1, "a string or a number")
        }
        return .bool(firstPlace(of: Array(part.utf16), in: Array(text.utf16), from: 0) != nil)
      case .array(let elements): return .bool(elements.contains { $0.equals(call[1]) })
      case .object: return .bool(call[0].member(try call.string(1)) != nil)
      default: throw call.wrong(0, "an array, an object or a string")
      }
    },
  ]

  /// The later object's members win; objects within objects are merged as well.
  private static func merge(
    _ members: [ExpressionValue.Member], into merged: inout ObjectBuilder
  ) throws(ExpressionFailure) {
    for member in members {
      guard case .object(let later) = member.value.content, let earlier = merged[member.key],
        case .object(let own) = earlier.content
      else {
        merged.set(member.key, member.value, at: member.keyPosition)
        continue
      }
      var both = ObjectBuilder(own)
      try merge(later, into: &both)
      let value = try ExpressionValue(
        .object(both.members), at: member.value.position,
        marks: earlier.marks.union(member.value.marks))
      merged.set(member.key, value, at: member.keyPosition)
    }
  }
}

extension ExpressionValue {
  /// A text that equal values share, and no others.
  fileprivate var identity: String {
    switch content {
    case .object(let members):
      let parts = members.sorted { $0.key < $1.key }.map { "\($0.key)\u{0}\($0.value.identity)" }
      return "{\(parts.joined(separator: "\u{1}"))}"
    case .array(let elements):
      return "[\(elements.map(\.identity).joined(separator: "\u{1}"))]"
    default: return json()
    }
  }
}
