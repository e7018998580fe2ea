import Pipeline

/// A step of a run in the words of a table.
struct StepRow {
  let number: Int
  let name: String
  let type: String
  let duration: String?
  let exitCode: Int32?
  let outcome: String

  /// The rows of a run: a step without a result has not ended.
  static func rows(_ steps: [StepOutline], _ results: [StepResult]) -> [StepRow] {
    steps.map { step in
      let result = results.last { $0.number == step.number }
      return StepRow(
        number: step.number, name: LegibleText.legible(step.name),
        type: LegibleText.legible(step.type),
        duration: result.map { "\(Elapsed(seconds: $0.seconds))" }, exitCode: result?.exitCode,
        outcome: result?.outcome.rawValue ?? "not run")
    }
  }
}
