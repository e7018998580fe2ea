internal import Digests

/// A checksum, of either kind that publishers of disks use.
enum Checksum: Sendable, Hashable {
  /// Of 32 bytes.
  case sha256(SHA256Digest)
  /// Of 64 bytes.
  case sha512(SHA512Digest)

  /// Reads 64 or 128 hexadecimal digits.
  init?(hex: some StringProtocol) {
    if let digest = SHA256Digest(hex: hex) {
      self = .sha256(digest)
    } else if let digest = SHA512Digest(hex: hex) {
      self = .sha512(digest)
    } else {
      return nil
    }
  }
}

extension Checksum: CustomStringConvertible {
  /// `sha256` or `sha512`, and the digits.
  var description: String {
    switch self {
    case .sha256(let digest): "sha256 \(digest)"
    case .sha512(let digest): "sha512 \(digest)"
    }
  }
}

/// A publisher's list of checksums, as coreutils write it (`hash  name`, `hash *name`), as the
/// BSDs do (`SHA256 (name) = hash`), or a checksum alone.
///
/// Other lines, as those of a signature, say nothing.
struct ChecksumFile {
  private let lines: [(name: String?, checksum: Checksum)]

  /// Reads a list.
  init(_ text: String) {
    lines = text.split(whereSeparator: \.isNewline).compactMap(Self.line)
  }

  /// What a list says of a file.
  enum Finding: Equatable {
    case found(Checksum)
    /// It has no line for the file.
    case missing
    /// It has two that differ.
    case contradictory
  }

  /// The checksum of the file with this name.
  ///
  /// Of two kinds, the one that a disk is known by here wins. A checksum without a name counts
  /// where it is the only one.
  func checksum(of name: String) -> Finding {
    var found = Set(lines.filter { $0.name == name }.map(\.checksum))
    if found.isEmpty, lines.count == 1, lines[0].name == nil { found = [lines[0].checksum] }
    let sha256 = found.filter { if case .sha256 = $0 { true } else { false } }
    let preferred = sha256.isEmpty ? found : sha256
    guard let checksum = preferred.first else { return .missing }
    return preferred.count == 1 ? .found(checksum) : .contradictory
  }

  /// The names of all files with this checksum: publishers list the latest under two.
  func names(with checksum: Checksum) -> [String] {
    lines.filter { $0.checksum == checksum }.compactMap(\.name)
  }

  private static func line(_ text: Substring) -> (name: String?, checksum: Checksum)? {
    let text = text.drop { $0 == " " || $0 == "\\" }
    if let open = text.firstRange(of: " ("), let close = text.firstRange(of: ") = "),
      open.upperBound <= close.lowerBound,
      ["SHA256", "SHA512"].contains(text[..<open.lowerBound])
    {
      let hash = text[close.upperBound...].prefix { !$0.isWhitespace }
      let name = text[open.upperBound..<close.lowerBound]
      return Checksum(hex: hash).map { (fileName(name), $0) }
    }
    let hash = text.prefix { !$0.isWhitespace }
    guard let checksum = Checksum(hex: hash) else { return nil }
    var name = text.dropFirst(hash.count).drop { $0.isWhitespace }
    if name.first == "*" { name = name.dropFirst() }
    while name.last?.isWhitespace == true { name.removeLast() }
    return (name.isEmpty ? nil : fileName(name), checksum)
  }

  private static func fileName(_ path: Substring) -> String {
    path.split(separator: "/").last.map(String.init) ?? String(path)
  }
}
