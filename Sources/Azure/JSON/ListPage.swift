/// A page of a list: its elements are read one at a time, since all at once take many times the room
/// that the page takes.
struct ListPage {
  /// Where the elements are among the page's bytes.
  private(set) var elements: [Range<Int>] = []
  /// The page without its elements, as in `nextLink`.
  let rest: JSON
  private let bytes: [UInt8]

  /// Finds the elements of an object's `value`; `nil` for anything that has no such list.
  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    var scan = Scan()
    bytes.withUnsafeBytes { raw in
      for index in raw.indices { scan.take(raw[index], at: index, of: raw) }
    }
    guard let list = scan.list, scan.depth == 0,
      let rest = JSON(parsing: Array(bytes[...list.lowerBound] + bytes[list.upperBound...]))
    else { return nil }
    elements = scan.elements
    self.rest = rest
  }

  /// One of ``elements``; `nil` where it is no JSON.
  subscript(_ element: Range<Int>) -> JSON? { JSON(parsing: Array(bytes[element])) }

  /// How far a page was read.
  private struct Scan {
    private(set) var depth = 0
    private(set) var elements: [Range<Int>] = []
    /// From the list's bracket to the one that ends it.
    private(set) var list: Range<Int>?

    private static let name = Array("value".utf8)

    private var isText = false
    private var isEscaped = false
    private var textStart = 0
    private var lastName = 0..<0
    private var start: Int?
    private var elementStart = 0
    private var isBlank = true

    mutating func take(_ byte: UInt8, at index: Int, of raw: UnsafeRawBufferPointer) {
      if isText { return takeText(byte, at: index) }
      switch byte {
      case UInt8(ascii: "\""): (isText, textStart, isBlank) = (true, index + 1, false)
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        if byte == UInt8(ascii: "["), depth == 1, list == nil,
          raw[lastName].elementsEqual(Self.name)
        {
          (start, elementStart, isBlank) = (index, index + 1, true)
        } else {
          isBlank = false
        }
        depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        guard depth == 1, let first = start else { return }
        if !isBlank { elements.append(elementStart..<index) }
        (list, start) = (first..<index, nil)
      case UInt8(ascii: ","):
        guard depth == 2, start != nil else { return }
        elements.append(elementStart..<index)
        (elementStart, isBlank) = (index + 1, true)
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): break
      default: isBlank = false
      }
    }

    private mutating func takeText(_ byte: UInt8, at index: Int) {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isText = false
        if depth == 1 { lastName = textStart..<index }
      }
    }
  }
}
