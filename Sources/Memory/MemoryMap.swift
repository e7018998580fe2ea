/// How a memory is put together of an earlier one and of what is new in it, from front to back.
struct MemoryMap: Equatable {
  /// A part of it.
  enum Part: Equatable {
    /// Bytes of the earlier memory, never before those of the part before.
    case earlier(at: Int, count: Int)
    /// The next of the new bytes.
    case new(count: Int)
  }

  private(set) var parts: [Part] = []

  /// Adds a part, to the last one where it goes on with that.
  mutating func add(_ part: Part) {
    switch (parts.last, part) {
    case (.earlier(let at, let before), .earlier(let next, let count)) where at + before == next:
      parts[parts.count - 1] = .earlier(at: at, count: before + count)
    case (.new(let before), .new(let count)): parts[parts.count - 1] = .new(count: before + count)
    default: parts.append(part)
    }
  }

  /// How many bytes of it are new.
  var newBytes: Int {
    parts.reduce(0) { if case .new(let count) = $1 { $0 + count } else { $0 } }
  }
}

extension MemoryMap {
  private static let title = Array("kiln memory 1\n".utf8)
  private static let wordSize = 8
  private static let new = UInt64.max

  /// As a file: for each part where it begins in the earlier memory, or a word that none is, and its count.
  var bytes: [UInt8] {
    var bytes = Self.title
    for part in parts {
      let words =
        switch part {
        case .earlier(let at, let count): [UInt64(at), UInt64(count)]
        case .new(let count): [Self.new, UInt64(count)]
        }
      for word in words { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
    }
    return bytes
  }

  /// Reads one.
  /// - Throws: ``MemoryError`` where it is not one that was written.
  init(_ bytes: [UInt8], from path: String) throws(MemoryError) {
    let damaged = MemoryError.damaged(path, "it is not what kiln wrote")
    let rest = bytes.dropFirst(Self.title.count)
    guard bytes.starts(with: Self.title), rest.count.isMultiple(of: 2 * Self.wordSize) else {
      throw damaged
    }
    var (end, total) = (0, 0)
    for start in stride(from: rest.startIndex, to: rest.endIndex, by: 2 * Self.wordSize) {
      let at = Self.word(in: bytes, at: start)
      guard let count = Int(exactly: Self.word(in: bytes, at: start + Self.wordSize)), count > 0
      else { throw damaged }
      // More than any memory is no memory's, and nobody could count on with it.
      let (sum, isTooMuch) = total.addingReportingOverflow(count)
      guard !isTooMuch else { throw damaged }
      total = sum
      if at == Self.new {
        parts.append(.new(count: count))
        continue
      }
      guard let at = Int(exactly: at), at >= end else { throw damaged }
      let (next, isTooLarge) = at.addingReportingOverflow(count)
      guard !isTooLarge else { throw damaged }
      end = next
      parts.append(.earlier(at: at, count: count))
    }
  }

  private static func word(in bytes: [UInt8], at start: Int) -> UInt64 {
    bytes[start..<start + wordSize].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
