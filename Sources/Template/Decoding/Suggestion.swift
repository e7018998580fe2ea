/// The longest name that a suggestion is looked for; no field's is half as long.
private let longestName = 48

/// The one of `names` that `typed` most likely means; `nil` if none is near.
package func nearest(to typed: String, among names: [String]) -> String? {
  let wanted = plain(typed)
  guard !wanted.isEmpty, wanted.count <= longestName else { return nil }
  // What nobody would type is meant by nothing, and takes long to compare.
  let names = names.filter { $0.utf8.count <= 2 * longestName }
  let ranked = names.map { name in (name: name, distance: editDistance(wanted, plain(name))) }
  let best = ranked.min { $0.distance < $1.distance }
  // Names of one letter have nothing in common when that differs.
  if let best, best.distance <= max(1, wanted.count / 4), best.distance < wanted.count {
    return best.name
  }
  // `tags` for `artifactTags`, `script` for `scriptUri`, `dataDisks` for `additionalDataDisks`.
  guard wanted.count >= 4 else { return nil }
  let containing = names.filter { name in
    let plain = plain(name)
    return plain.count >= 4 && (plain.contains(wanted) || wanted.contains(plain))
  }
  return containing.count == 1 ? containing.first : nil
}

/// `valid_exit_codes` and `ValidExitCodes` are the same name but for how it is written.
func plain(_ name: String) -> String {
  name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
}

/// How many letters must change, come, go or swap with their neighbour.
package func editDistance(_ left: String, _ right: String) -> Int {
  let left = Array(left.unicodeScalars)
  let right = Array(right.unicodeScalars)
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for row in left.indices {
    var current = [row + 1]
    for column in right.indices {
      let change = last[column] + (left[row] == right[column] ? 0 : 1)
      var best = min(change, last[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        best = min(best, beforeLast[column - 1] + 1)
      }
      current.append(best)
    }
    beforeLast = last
    last = current
  }
  return last[right.count]
}
