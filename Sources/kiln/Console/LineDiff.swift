/// The lines in which two versions of a text with as many lines differ, as `diff -U0` prints them.
enum LineDiff {
  static func lines(from old: [UInt8], to new: [UInt8], named file: String) -> [String] {
    let newline = UInt8(ascii: "\n")
    let before = old.split(separator: newline, omittingEmptySubsequences: false)
    let after = new.split(separator: newline, omittingEmptySubsequences: false)
    var lines = ["--- \(file)", "+++ \(file)"]
    for (index, (left, right)) in zip(before, after).enumerated() where left != right {
      lines.append("@@ -\(index + 1) +\(index + 1) @@")
      lines.append("-\(String(decoding: left, as: UTF8.self))")
      lines.append("+\(String(decoding: right, as: UTF8.self))")
    }
    return lines
  }
}
