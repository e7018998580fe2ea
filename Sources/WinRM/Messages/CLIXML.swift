/// Makes plain text of what Windows PowerShell writes to standard error when nobody looks at a
/// console: `#< CLIXML`, a line end, and its objects as XML.
///
/// Errors, warnings, verbose and debug lines are text; progress and other objects are left out.
/// Text that programs wrote in between comes through as it is.
public struct CLIXMLDecoder: Sendable {
  /// The most bytes of one document that are held back; a longer one comes through undecoded.
  static let limit = 8 << 20
  private static let marker = Array("#< CLIXML".utf8)
  private static let start = Array("<Objs".utf8)
  private static let end = Array("</Objs>".utf8)

  private var held: [UInt8] = []
  /// How much of what is held was searched for the end of a document.
  private var searched = 0

  /// A decoder for one stream.
  public init() {}

  /// Takes the next bytes of the stream; returns what is certain of its text by now.
  public mutating func decode(_ bytes: [UInt8]) -> [UInt8] {
    held += bytes
    var text: [UInt8] = []
    while let part = next() { text += part }
    return text
  }

  /// Returns the rest, as it is where it ends in the middle of a document.
  public mutating func finish() -> [UInt8] {
    defer { (held, searched) = ([], 0) }
    return held
  }

  /// The next part that can be told; `nil` where more is needed for one.
  private mutating func next() -> [UInt8]? {
    guard !held.isEmpty else { return nil }
    if held.starts(with: Self.marker) {
      guard let lineEnd = held.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      // The document may begin on the marker's own line.
      let line = held[Self.marker.count..<lineEnd]
      guard line.allSatisfy({ $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: " ") }) else {
        held.removeFirst(Self.marker.count)
        return []
      }
      held.removeFirst(lineEnd + 1)
      return []
    }
    if held.starts(with: Self.start) { return document() }
    let limit = firstPossibleStart()
    guard limit > 0 else { return nil }
    defer { held.removeFirst(limit) }
    return Array(held[..<limit])
  }

  /// Where a marker or a document begins, or may begin with what has not arrived yet.
  private func firstPossibleStart() -> Int {
    for index in held.indices where held[index] == Self.marker[0] || held[index] == Self.start[0] {
      let rest = held[index...]
      for opening in [Self.marker, Self.start]
      where rest.starts(with: opening) || opening.starts(with: rest) {
        return index
      }
    }
    return held.count
  }

  private mutating func document() -> [UInt8]? {
    guard let end = Self.firstIndex(of: Self.end, in: held, from: searched) else {
      searched = max(0, held.count - Self.end.count)
      guard held.count > Self.limit else { return nil }
      return finish()
    }
    searched = 0
    let document = Array(held[..<(end + Self.end.count)])
    held.removeFirst(document.count)
    guard let objects = try? XMLReader.read(document) else {
      // A program wrote what only begins as a document does: its text is the best there is.
      return document
    }
    return Array(Self.text(of: objects).utf8)
  }

  private static func text(of objects: XMLElement) -> String {
    let spoken: Set<String> = ["error", "warning", "verbose", "debug", "information", "output"]
    var text = ""
    for object in objects.children where object.name.local == "S" {
      guard let stream = object.attribute("S")?.lowercased(), spoken.contains(stream) else {
        continue
      }
      let line = unescaped(object.text)
      // PowerShell ends the lines of errors itself, and those of the others not.
      let prefix = stream == "error" || stream == "output" ? "" : "\(stream.uppercased()): "
      text += prefix + line + (line.hasSuffix("\n") || line.hasSuffix("\r\n") ? "" : "\n")
    }
    return text
  }

  /// The text with `_xHHHH_` as the UTF-16 unit that it stands for (MS-PSRP 2.2.5.3.2).
  private static func unescaped(_ text: String) -> String {
    let units = Array(text.utf16)
    var plain: [UInt16] = []
    var index = 0
    while index < units.count {
      let code = units[index...].prefix(7).map { UInt8(exactly: $0) ?? 0 }
      if code.count == 7, code[0] == UInt8(ascii: "_"), code[1] | 0x20 == UInt8(ascii: "x"),
        code[6] == UInt8(ascii: "_"),
        let unit = UInt16(String(decoding: code[2..<6], as: UTF8.self), radix: 16)
      {
        plain.append(unit)
        index += 7
      } else {
        plain.append(units[index])
        index += 1
      }
    }
    return String(decoding: plain, as: UTF16.self)
  }

  private static func firstIndex(
    of needle: [UInt8], in bytes: [UInt8], from start: Int
  ) -> Int? {
    guard bytes.count >= start + needle.count else { return nil }
    return (start...(bytes.count - needle.count)).first {
      bytes[$0] == needle[0] && bytes[$0...].starts(with: needle)
    }
  }
}
