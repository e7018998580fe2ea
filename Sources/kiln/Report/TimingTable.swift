import Pipeline

/// Where the time of a run went, as a table.
struct TimingTable {
  private static let barWidth = 20

  /// The lines, the whole run last.
  let lines: [String]

  /// The table for a run with these steps.
  init(_ timeline: RunTimeline, _ steps: [StepOutline]) {
    var table = Table("PART", "START", "DURATION", "SHARE", "")
    let whole = max(timeline.seconds, 0.001)
    for part in timeline.parts {
      let share = part.seconds / whole
      let filled = Int((share * Double(Self.barWidth)).rounded())
      let start = part.part.isOther ? "-" : "\(Elapsed(seconds: part.start))"
      table.add(
        part.title(steps), start, "\(Elapsed(seconds: part.seconds))",
        "\(Int((share * 100).rounded()))%", String(repeating: "#", count: filled))
    }
    table.add("total", "-", "\(Elapsed(seconds: timeline.seconds))", "100%", "")
    lines = table.lines
  }
}

extension RunTimeline.Part {
  /// What it is called for people.
  func title(_ steps: [StepOutline]) -> String {
    guard case .step(let number, let attempt) = part else { return part.name }
    let title = steps.first { $0.number == number }?.title ?? ""
    let again = attempt > 1 ? ", attempt \(attempt)" : ""
    return LegibleText.legible("[\(number)/\(steps.count)] \(title)\(again)")
  }
}

extension RunTimeline.Part.Kind {
  /// Whether it is what no part has.
  var isOther: Bool { if case .other = self { true } else { false } }
}
