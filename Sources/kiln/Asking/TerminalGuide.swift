import Pipeline
import Synchronization

/// Asks somebody at the terminal how a build goes on: before its steps, and after one that failed.
final class TerminalGuide: StepGuide {
  /// When is asked.
  struct Moments: OptionSet {
    let rawValue: Int
    /// Before each step.
    static let beforeSteps = Moments(rawValue: 1)
    /// After a step that failed.
    static let afterFailures = Moments(rawValue: 2)
  }

  private let person: Person
  private let place: Workbench
  private let moments: Mutex<Moments>

  /// Asks `person` at these moments.
  init(_ person: Person, at moments: Moments, _ place: Workbench) {
    self.person = person
    self.place = place
    self.moments = Mutex(moments)
  }

  /// A step that is asked for can't start by itself.
  var pace: StepPace { asks(.beforeSteps) ? .stepwise : .flowing }

  private enum TurnAnswer { case run, runAll, leaveOut, shell, stop }

  /// Asks whether a step runs, where that is asked.
  func turn(of step: Step, attempt: Int, in guest: any Guest) async throws -> StepTurn {
    guard attempt == 1, asks(.beforeSteps) else { return .run }
    let outline = step.outline
    var choices: [Choice<TurnAnswer>] = [
      Choice("y", "run it", .run), Choice("a", "run it and all that follow", .runAll),
    ]
    choices += place.shellChoices(" first", .shell)
    choices += [Choice("g", "give up: end the build here", .stop)]
    if step.canBeLeftOut { choices.insert(Choice("n", "leave it out", .leaveOut), at: 1) }
    let head = "next: step \(outline.number), \(outline.title): \(outline.summary)"
    while true {
      switch try await person.choose([LegibleText.legible(head)], choices) {
      case .run: return .run
      case .runAll:
        moments.withLock { _ = $0.remove(.beforeSteps) }
        return .run
      case .leaveOut: return .leaveOut
      case .shell: try await place.openShell()
      case .stop, nil: return .stop
      }
    }
  }

  private enum FailureAnswer { case retry, shell, log, goOn, keep, giveUp }

  /// Asks how to go on after a failure, where that is asked.
  func verdict(
    on attempt: StepAttempt, of plan: Plan, in guest: any Guest
  ) async throws -> StepVerdict {
    guard let failure = attempt.failure else { return .goOn }
    guard asks(.afterFailures) else { return .giveUp }
    var choices: [Choice<FailureAnswer>] = [
      Choice("r", "retry it, as the template and its files now are", .retry)
    ]
    choices += place.shellChoices("", .shell)
    choices += [Choice("l", "show the log", .log)]
    if attempt.canBePassedOver {
      choices.append(Choice("c", "continue past it: the result will lack it", .goOn))
    }
    if place.canKeep { choices.append(Choice("k", "keep the VM, and give up", .keep)) }
    choices.append(Choice("g", "give up", .giveUp))
    let head =
      RunEnding.chain(failure).enumerated().map { $0 == 0 ? $1 : "  because: \($1)" }
      + (failure.hint.map { ["hint: \($0)"] } ?? [])
    while true {
      switch try await person.choose(head.map(LegibleText.legible), choices) {
      case .retry:
        if let newer = try await place.replan(plan, before: attempt.step) {
          return .again(newer)
        }
      case .shell: try await place.openShell()
      case .log: place.showLog()
      case .goOn: return .goOn
      case .keep: return .keep
      case .giveUp, nil: return .giveUp
      }
    }
  }

  private func asks(_ moment: Moments) -> Bool { moments.withLock { $0.contains(moment) } }
}

extension Step {
  /// Whether the build can go on without it; without the one that powers the machine off it can't.
  var canBeLeftOut: Bool {
    if case .generalize = work { false } else { true }
  }
}
