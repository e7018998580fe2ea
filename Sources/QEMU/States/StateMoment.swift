internal import Pipeline

/// Between which steps a state is one.
struct StateMoment: CustomStringConvertible {
  /// How many steps of the template are behind, those included that were left out.
  let number: Int
  /// The last of them.
  let title: String

  /// The machine has started, and no step has run.
  static let beginning = StateMoment(number: 0, title: "the system, before the first step")

  private init(number: Int, title: String) {
    self.number = number
    self.title = title
  }

  init(after step: Step) {
    self.init(number: step.outline.number, title: step.outline.title)
  }

  var description: String { number == 0 ? "before the first step" : "after step \(number)" }
}

extension StateKeeping.Reuse {
  /// Whether the state of a moment may be started from.
  func covers(_ moment: StateMoment) -> Bool {
    switch self {
    case .all: true
    case .before(let number): moment.number < number
    case .none: false
    }
  }
}
