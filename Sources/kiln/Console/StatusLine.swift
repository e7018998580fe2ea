import Pipeline

/// What the one moving line at the bottom of a terminal says.
struct StatusLine {
  private static let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
  private static let barWidth = 20
  /// Below this many columns a status line says nothing worth its motion.
  static let narrowest = 20

  private enum Activity {
    case waiting(String)
    case step(String)
    case over
  }

  private var activity = Activity.over
  private var progress: (done: Int, total: Int)?
  private var outage: String?
  private var stepCount = 0

  /// Takes in what happened.
  mutating func take(_ event: BuildEvent) {
    switch event {
    case .runStarted(let run):
      stepCount = run.steps.count
    case .phase(let phase):
      progress = nil
      activity = .waiting(phase == .building ? "Building: waiting for the machine" : phase.rawValue)
    case .fetching(let uri, let received, let total):
      activity = .waiting("fetching \(LegibleText.legible(uri))")
      progress = total.map { (received, $0) }
    case .stepStarted(let step):
      progress = nil
      activity = .step("[\(step.number)/\(stepCount)] \(LegibleText.legible(step.title))")
    case .stepProgress(_, let sent, let total):
      progress = (sent, total)
    case .outputStarted(let output):
      progress = nil
      activity = .waiting("distributing \(LegibleText.legible(output.name))")
    case .outputProgress(_, let share):
      progress = (Int(share * 1000), 1000)
    case .stepFinished, .poweredOff, .outputFinished:
      progress = nil
      activity = .waiting("…")
    case .connectionLost:
      outage = "connection lost, trying again"
    case .connectionRestored, .restarted:
      outage = nil
    case .canceling:
      activity = .waiting("cancelling")
    case .runFinished:
      activity = .over
    case .connected, .timed, .stepRetried, .stepOutput, .stateKept, .warning, .note:
      break
    }
  }

  /// Has nothing to tell until something more happens; how many steps there are stays known.
  mutating func clear() {
    activity = .over
    (progress, outage) = (nil, nil)
  }

  /// The line, or `nil` where there is nothing to tell.
  func text(elapsed: Duration, frame: Int, columns: Int) -> String? {
    guard columns >= Self.narrowest else { return nil }
    let what: String
    switch activity {
    case .over: return nil
    case .waiting(let text), .step(let text): what = text
    }
    var parts = [Self.frames[frame % Self.frames.count], "\(WholeSeconds(elapsed))", what]
    if let progress, progress.total > 0 {
      let done = min(max(progress.done, 0), progress.total)
      let filled = done * Self.barWidth / progress.total
      let bar =
        String(repeating: "█", count: filled)
        + String(repeating: "░", count: Self.barWidth - filled)
      parts += [bar, "\(done * 100 / progress.total)%"]
    }
    if let outage { parts.append("(\(outage))") }
    return TextWidth.cut(parts.joined(separator: " "), to: columns - 1)
  }
}

/// A duration without its hundredths, which would only flicker.
private struct WholeSeconds: CustomStringConvertible {
  let description: String

  init(_ duration: Duration) { description = "\(Elapsed(.seconds(duration.components.seconds)))" }
}
