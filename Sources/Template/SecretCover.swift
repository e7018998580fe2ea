/// Takes secrets out of texts, in time that hardly grows with how many there are.
struct SecretCover {
  /// The least bytes of a secret that is hidden: a shorter one would hide ordinary text.
  private static let shortest = 4

  /// The secrets in the order of their bytes.
  private let secrets: [[UInt8]]

  init(_ secrets: Set<String>) {
    self.secrets = secrets.map { Array($0.utf8) }.filter { $0.count >= Self.shortest }
      .sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Whether there is nothing to hide.
  var isEmpty: Bool { secrets.isEmpty }

  /// The text with `***` in the place of each secret, the longest first.
  func covering(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var covered: [UInt8] = []
    var place = 0
    while place < bytes.count {
      if let length = longestSecret(at: bytes[place...]) {
        covered += "***".utf8
        place += length
      } else {
        covered.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: covered, as: UTF8.self)
  }

  /// The length of the longest secret that `rest` begins with.
  private func longestSecret(at rest: ArraySlice<UInt8>) -> Int? {
    var rest = rest
    // All that `rest` begins with stands before it, and is what the nearest one begins with too.
    while let nearest = lastSecret(notAfter: rest) {
      let common = zip(nearest, rest).prefix { $0 == $1 }.count
      if common == nearest.count { return common }
      rest = rest.prefix(common)
    }
    return nil
  }

  private func lastSecret(notAfter rest: ArraySlice<UInt8>) -> [UInt8]? {
    var (low, high) = (0, secrets.count)
    while low < high {
      let middle = (low + high) / 2
      if rest.lexicographicallyPrecedes(secrets[middle]) { high = middle } else { low = middle + 1 }
    }
    return low > 0 && !rest.isEmpty ? secrets[low - 1] : nil
  }
}
