/// The name of a run: `20261123-134812-k3f9`, the UTC time of its start and four random letters.
///
/// Names sort in the order of their start, to the second.
public struct RunID: Sendable, Hashable, Comparable {
  /// The name as text; it is a file name as well.
  public let text: String

  // Without vowels no word appears; without 0, 1 and l nobody misreads one.
  private static let letters = Array("bcdfghjkmnpqrstvwxz23456789")

  /// Draws a name for a run that starts at `time`.
  public init(at time: Timestamp) {
    let parts = time.parts.map { Timestamp.padded($0, 2) }
    let random = (0..<4).map { _ in Self.letters.randomElement() ?? "k" }
    text = parts[..<3].joined() + "-" + parts[3...].joined() + "-" + String(random)
  }

  /// Reads a whole name; `nil` where the form is another.
  public init?(_ text: String) {
    let pieces = text.split(separator: "-", omittingEmptySubsequences: false)
    guard pieces.count == 3, pieces.map(\.count) == [8, 6, 4], text.utf8.count == 20,
      (pieces[0] + pieces[1]).utf8.allSatisfy({ (48...57).contains($0) }),
      pieces[2].allSatisfy(Self.letters.contains)
    else { return nil }
    self.text = text
  }

  /// Earlier runs come first.
  public static func < (left: RunID, right: RunID) -> Bool { left.text < right.text }
}

extension RunID: CustomStringConvertible {
  /// The same as ``text``.
  public var description: String { text }
}

extension RunID: Codable {
  /// Reads the name from a text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let id = RunID(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "`\(text)` is no name of a run")
    }
    self = id
  }

  /// Writes the name as a text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
