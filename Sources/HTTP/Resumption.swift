/// The field `Content-Range: bytes first-last/total` (RFC 9110, 14.4).
struct ContentRange: Equatable {
  let first: Int64
  let last: Int64
  /// `nil` where the server doesn't know it (`*`).
  let total: Int64?

  init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
    let halves = words[1].split(separator: "/", omittingEmptySubsequences: false)
    let ends = halves.first?.split(separator: "-", omittingEmptySubsequences: false) ?? []
    guard halves.count == 2, ends.count == 2, let first = Int64(ends[0]),
      let last = Int64(ends[1]), first >= 0, first <= last
    else { return nil }
    let total = Int64(halves[1])
    guard total.map({ last < $0 }) ?? (halves[1] == "*") else { return nil }
    self.first = first
    self.last = last
    self.total = total
  }
}

extension ContentRange {
  init(first: Int64, last: Int64, total: Int64?) {
    self.first = first
    self.last = last
    self.total = total
  }
}

extension ResponseHead {
  /// What may stand in `If-Range`: a strong entity tag, else a date of change that is a minute
  /// older than the answer, so that a second change within the same second can't hide behind it.
  var validator: String? {
    if let tag = headers["ETag"] { return tag.hasPrefix("\"") ? tag : nil }
    guard let changed = headers["Last-Modified"], let date = headers["Date"],
      let from = secondsSince1970(httpDate: changed), let to = secondsSince1970(httpDate: date),
      to - from >= 60
    else { return nil }
    return changed
  }
}
