import Pipeline

/// A step of a run in the words of a table.
struct StepRow {
  let number: Int
  let name: String
  let type: String
  let duration: String?
  let exitCode: Int32?
  let outcome: String

  private static func outcome(_ result: StepResult) -> String {
    let word = result.outcome == .passedOver ? "failed, passed over" : result.outcome.rawValue
    return result.attempt > 1 ? "\(word) (attempt \(result.attempt))" : word
  }

  /// The rows of a run: a step without a result has not ended.
  static func rows(_ steps: [StepOutline], _ results: [StepResult]) -> [StepRow] {
    steps.map { step in
      let result = results.last { $0.number == step.number }
      let ran = result.flatMap { $0.outcome == .skipped ? nil : $0 }
      return StepRow(
        number: step.number, name: LegibleText.legible(step.name),
        type: LegibleText.legible(step.type),
        duration: ran.map { "\(Elapsed(seconds: $0.seconds))" }, exitCode: result?.exitCode,
        outcome: result.map(Self.outcome) ?? "not run")
    }
  }
}
