/// Puts the lines of a stream together from the pieces in which it comes.
///
/// A line ends with a line feed, or a carriage return and a line feed. What stands before a lone
/// carriage return is dropped, as a terminal overwrites it: of a progress bar the last state stays.
public struct LineAssembler: Sendable {
  /// The longest line in bytes; a longer one is given as several.
  public static let lineLimit = 65_536

  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  private var partial: [UInt8] = []

  /// Starts with no bytes.
  public init() {}

  /// Takes the next bytes, and gives each line that they complete, without its end.
  public mutating func add(_ bytes: [UInt8], line: (ArraySlice<UInt8>) -> Void) {
    var start = 0
    while let end = Self.first(Self.lineFeed, in: bytes, from: start) {
      if partial.isEmpty {
        Self.give(bytes[start..<end], line)
      } else {
        partial += bytes[start..<end]
        Self.give(partial[...], line)
        partial.removeAll(keepingCapacity: true)
      }
      start = end + 1
    }
    guard start < bytes.count else { return }
    partial += bytes[start...]
    if Self.first(Self.carriageReturn, in: bytes, from: start) != nil {
      // The last return stays: a line feed may follow it.
      let ended = partial.last == Self.carriageReturn
      partial = Array(Self.visible(partial[...])) + (ended ? [Self.carriageReturn] : [])
    }
    while partial.count > Self.lineLimit {
      let cut = Self.cut(partial[...])
      line(partial[..<cut])
      partial.removeFirst(cut)
    }
  }

  /// Gives the last line where it has no end.
  public mutating func finish(line: (ArraySlice<UInt8>) -> Void) {
    guard !partial.isEmpty else { return }
    Self.give(partial[...], line)
    partial = []
  }

  /// Gives what can be seen of one line, in pieces where it is too long.
  private static func give(_ bytes: ArraySlice<UInt8>, _ line: (ArraySlice<UInt8>) -> Void) {
    var rest = visible(bytes)
    while rest.count > lineLimit {
      let cut = cut(rest)
      line(rest[..<cut])
      rest = rest[cut...]
    }
    line(rest)
  }

  /// What a terminal would show of a line after its last carriage return that overwrote anything.
  private static func visible(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard bytes.contains(carriageReturn) else { return bytes }
    guard let last = bytes.lastIndex(where: { $0 != carriageReturn }) else { return [] }
    let kept = bytes[...last]
    return kept[(kept.lastIndex(of: carriageReturn).map { $0 + 1 } ?? kept.startIndex)...]
  }

  /// Where to cut a line that is too long, so that no character of UTF-8 is split.
  private static func cut(_ bytes: ArraySlice<UInt8>) -> Int {
    let end = bytes.startIndex + lineLimit
    return (end - 3...end).last { bytes[$0] & 0xC0 != 0x80 } ?? end
  }

  private static func first(_ byte: UInt8, in bytes: [UInt8], from start: Int) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      var place = start
      while place < bytes.count {
        if bytes[place] == byte { return place }
        place += 1
      }
      return nil
    }
  }
}
