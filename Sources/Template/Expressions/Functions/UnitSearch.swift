/// Looks for a part of a text in time that grows with the text and not with the part (Knuth, Morris
/// and Pratt): a hostile template can't make it slow.
struct UnitSearch {
  let part: [UInt16]

  /// For each beginning of the part, how much of its end is a beginning of the part as well.
  private let borders: [Int]

  init(_ part: [UInt16]) {
    self.part = part
    var borders = [Int](repeating: 0, count: part.count)
    var border = 0
    for place in part.indices.dropFirst() {
      while border > 0, part[place] != part[border] { border = borders[border - 1] }
      if part[place] == part[border] { border += 1 }
      borders[place] = border
    }
    self.borders = borders
  }

  /// Where the part begins in `text`, not before `start`; an empty one is everywhere.
  func firstPlace(in text: [UInt16], from start: Int) -> Int? {
    guard part.count <= text.count - start else { return nil }
    guard !part.isEmpty else { return start }
    var matched = 0
    for place in start..<text.count {
      while matched > 0, text[place] != part[matched] { matched = borders[matched - 1] }
      if text[place] == part[matched] { matched += 1 }
      if matched == part.count { return place + 1 - matched }
    }
    return nil
  }
}
