/// Rows of text under headings, each column as wide as its widest cell.
struct Table {
  private static let gap = "  "
  private var rows: [[String]]

  /// A table with these headings.
  init(_ headings: String...) { rows = [headings] }

  /// Adds a row with a cell for each heading.
  mutating func add(_ cells: String...) { rows.append(cells) }

  /// The lines, headings first.
  var lines: [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? TextWidth.of($0[column]) : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = zip(row, widths).map { TextWidth.padded($0, to: $1) }
      let line = cells.joined(separator: Self.gap)
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}

extension Table {
  /// The steps of a run and how they ended.
  init(steps: [StepRow]) {
    self.init("STEP", "NAME", "TYPE", "DURATION", "EXIT CODE", "OUTCOME")
    for step in steps {
      add(
        String(step.number), step.name, step.type, step.duration ?? "-",
        step.exitCode.map(String.init) ?? "-", step.outcome)
    }
  }
}
