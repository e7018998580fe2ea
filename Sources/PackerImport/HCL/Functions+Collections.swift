import FoundationEssentials

extension FunctionCall {
  /// What functions of lists and objects make; `nil` where this is none.
  var listResult: Value? {
    switch name {
    case "length":
      guard let first = arguments.first else { return nil }
      if case .object(let members) = first.content { return .number(Double(members.count)) }
      if let items = list(0) { return .number(Double(items.count)) }
      return first.gaps.isEmpty ? text(0).map { .number(Double($0.count)) } : nil
    case "concat":
      let lists = arguments.indices.compactMap { list($0) }
      return lists.count == arguments.count ? Value(.list(lists.flatMap { $0 })) : nil
    case "merge":
      let objects = arguments.compactMap(\.members)
      guard objects.count == arguments.count else { return nil }
      return .object(objects.flatMap { $0.map { ($0.key, $0.value) } })
    case "lookup":
      guard let members = arguments.first?.members, let key = text(1) else { return nil }
      return members.last { $0.key == key }?.value
        ?? (arguments.indices.contains(2) ? arguments[2] : nil)
    case "element":
      guard let items = list(0), !items.isEmpty, let index = text(1).flatMap(Int.init) else {
        return nil
      }
      return items[((index % items.count) + items.count) % items.count]
    case "contains":
      guard let items = list(0), let wanted = text(1) else { return nil }
      return Value(.bool(items.contains { $0.text == wanted }))
    case "keys": return arguments.first?.members.map { Value(.list($0.map { .string($0.key) })) }
    case "values": return arguments.first?.members.map { Value(.list($0.map(\.value))) }
    case "tomap": return arguments.first
    default: return rearranged
    }
  }

  /// What comes of a list when its elements are put in another order, left out or unwrapped.
  private var rearranged: Value? {
    guard let items = list(0) else { return nil }
    switch name {
    case "tolist": return arguments[0]
    case "toset", "distinct":
      var seen: Set<Value> = []
      return Value(.list(items.filter { seen.insert($0).inserted }))
    case "compact": return Value(.list(items.filter { !$0.isEmpty }))
    case "reverse": return Value(.list(items.reversed()))
    case "sort": return Value(.list(items.sorted { ($0.text ?? "") < ($1.text ?? "") }))
    case "flatten": return Value(.list(items.flatMap(Self.leaves)))
    case "slice":
      guard let start = text(1).flatMap(Int.init), let end = text(2).flatMap(Int.init),
        start >= 0, start <= end, end <= items.count
      else { return nil }
      return Value(.list(Array(items[start..<end])))
    case "zipmap":
      guard let values = list(1) else { return nil }
      return .object(zip(items, values).map { ($0.text ?? "", $1) })
    default: return nil
    }
  }

  private static func leaves(_ value: Value) -> [Value] {
    guard case .list(let items) = value.content else { return [value] }
    return items.flatMap(leaves)
  }

  /// What functions of numbers make; `nil` where this is none.
  var numberResult: Value? {
    let numbers = arguments.compactMap(\.double)
    guard !numbers.isEmpty, numbers.count == arguments.count else { return nil }
    switch name {
    case "max": return numbers.max().map { .number($0) }
    case "min": return numbers.min().map { .number($0) }
    case "abs": return .number(abs(numbers[0]))
    case "floor": return .number(numbers[0].rounded(.down))
    case "ceil": return .number(numbers[0].rounded(.up))
    default: return nil
    }
  }
}
