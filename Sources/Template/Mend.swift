/// A mistake that can be mended without a doubt about what was meant.
public struct Mend: Hashable, Sendable {
  /// What is to be done at a place.
  enum Change: Hashable {
    /// The string there, which must read `old`, becomes this text, quotes and all.
    case string(old: String, new: String)
    /// The comma there goes.
    case comma
  }

  let position: SourcePosition
  let change: Change
}

extension Mend {
  /// The text with all mends made; every other byte stays as it is.
  ///
  /// A mend is left out where the text is not what it is for, as where a value came from an
  /// expression.
  public static func apply(_ mends: [Mend], to bytes: [UInt8]) -> [UInt8] {
    let offsets = offsets(of: Set(mends.map(\.position)), in: bytes)
    var edits: [(range: Range<Int>, new: [UInt8])] = []
    for mend in Set(mends) {
      guard let start = offsets[mend.position] else { continue }
      let (old, new) = mend.texts
      guard bytes[start...].starts(with: old) else { continue }
      edits.append((start..<start + old.count, new))
    }
    var result = bytes
    for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
      result.replaceSubrange(edit.range, with: edit.new)
    }
    return result
  }

  private var texts: (old: [UInt8], new: [UInt8]) {
    switch change {
    case .string(let old, let new): (Array("\"\(old)\"".utf8), Array(new.utf8))
    case .comma: ([UInt8(ascii: ",")], [])
    }
  }

  private static func offsets(
    of positions: Set<SourcePosition>, in bytes: [UInt8]
  ) -> [SourcePosition: Int] {
    var found: [SourcePosition: Int] = [:]
    var cursor = JSONCursor(bytes)
    while cursor.next != nil {
      if positions.contains(cursor.position) { found[cursor.position] = cursor.offset }
      // A position is that of a scalar's first byte.
      let position = cursor.position
      while cursor.next != nil, cursor.position == position { cursor.advance() }
    }
    return found
  }
}
