import Pipeline
import Synchronization

/// Stops a build at one step, which then runs as often as somebody likes.
final class DebugGuide: StepGuide {
  /// What is done besides.
  struct Habits: Sendable {
    /// The files that are watched, where the step runs again when one is saved.
    var watch: FileWatch?
    /// What is looked at to tell what the step changed, where that is told.
    var inventory: DiskInventory?
  }

  private let number: Int
  private let person: Person?
  private let place: Workbench
  private let habits: Habits
  private let look = GuestLook()
  private let taken = Mutex<Int?>(nil)

  /// Stops at the step with this number; without a person nobody is asked.
  init(at number: Int, _ person: Person?, _ place: Workbench, _ habits: Habits) {
    self.number = number
    self.person = person
    self.place = place
    self.habits = habits
  }

  /// The step must not begin before it was told what it finds.
  var pace: StepPace { .stepwise }

  private enum Answer { case run, shell, surroundings, log, keep, leave }

  /// Tells what the step finds, and asks whether it is to run, the first time; takes stock of the
  /// disks each time.
  func turn(of step: Step, attempt: Int, in guest: any Guest) async throws -> StepTurn {
    guard step.outline.number == number else { return .run }
    if attempt == 1 {
      try await tellSurroundings(step, guest)
      if let person, habits.watch == nil {
        guard try await ask(person, "before", step, guest) == .run else { return .stop }
      }
    }
    try await takeStock(step, guest)
    return .run
  }

  /// Tells what the step did, and waits for the word or the file that has it run again.
  func verdict(
    on attempt: StepAttempt, of plan: Plan, in guest: any Guest
  ) async throws -> StepVerdict {
    let step = attempt.step
    guard step.outline.number == number else { return attempt.failure == nil ? .goOn : .giveUp }
    try await tellChanges(step, guest)
    let end: StepVerdict = attempt.failure == nil ? .goOn : .giveUp
    while true {
      if let watch = habits.watch {
        place.tell(["waiting for a change of the step; press return for more"])
        if try await change(in: watch) == .saved {
          guard let newer = try await place.replan(plan, before: step),
            plan.changes(in: newer, before: number + 1).contains(number)
          else { continue }
          return .again(newer)
        }
      }
      guard let person else { return end }
      switch try await ask(person, "after", step, guest) {
      case .run:
        guard let newer = try await place.replan(plan, before: step) else { continue }
        return .again(newer)
      case .keep: return .keep
      default: return end
      }
    }
  }

  private enum Change { case saved, word }

  /// Waits for a file to be saved, or for somebody to press return.
  private func change(in watch: FileWatch) async throws -> Change {
    try await withThrowingTaskGroup(of: Change.self) { group in
      group.addTask {
        try await watch.wait()
        return .saved
      }
      if let person {
        group.addTask {
          _ = try await person.line()
          return .word
        }
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  /// Asks until the answer is to run the step, to keep the machine, or to leave.
  private func ask(
    _ person: Person, _ when: String, _ step: Step, _ guest: any Guest
  ) async throws -> Answer {
    var choices: [Choice<Answer>] = [
      Choice("r", when == "before" ? "run the step" : "run the step again, as it now is", .run)
    ]
    choices += place.shellChoices("", .shell)
    choices += [
      Choice("e", "show what the step finds: user, directory, environment", .surroundings),
      Choice("l", "show the log", .log),
    ]
    if place.canKeep, when == "after" { choices.append(Choice("k", "keep the VM, and end", .keep)) }
    choices.append(Choice("q", "end", .leave))
    let head = "\(when) step \(number), \(step.outline.title)"
    while true {
      switch try await person.choose([LegibleText.legible(head)], choices) {
      case .shell: try await place.openShell()
      case .surroundings: try await tellSurroundings(step, guest)
      case .log: place.showLog()
      case .run: return .run
      case .keep: return .keep
      case .leave, nil: return .leave
      }
    }
  }

  private func tellSurroundings(_ step: Step, _ guest: any Guest) async throws {
    let outline = step.outline
    var lines = ["step \(outline.number), \(outline.title): \(outline.summary)"]
    lines += outline.position.map { ["template:  \($0)"] } ?? []
    lines += ["script:    \(look.script(of: step, in: guest)), while it runs"]
    lines += ["log:       \(place.directory.logPath)"]
    if !place.doorway.isThere {
      lines += [
        "shell:     none over WinRM, which has no terminals; use Remote Desktop beside this"
      ]
    }
    place.tell(lines + (try await look.surroundings(of: step, in: guest)))
  }

  private func takeStock(_ step: Step, _ guest: any Guest) async throws {
    guard let inventory = habits.inventory else { return }
    let number = look.number()
    _ = try await look.answer(of: inventory.before(number, as: Self.user(guest)), in: guest)
    taken.withLock { $0 = number }
  }

  private func tellChanges(_ step: Step, _ guest: any Guest) async throws {
    let number = taken.withLock { taken in
      defer { taken = nil }
      return taken
    }
    guard let inventory = habits.inventory, let number else { return }
    let answer = try await look.answer(
      of: inventory.after(number, as: Self.user(guest)), in: guest)
    guard let changes = DiskChanges(parsing: answer) else {
      throw CommandFault("could not tell what step \(self.number) changed: the list is cut off")
    }
    place.terminal.close()
    try StandardOutput.write(
      lines: ["changed by step \(self.number):"]
        + changes.lines.map { "  " + place.redact(LegibleText.legible($0)) })
  }

  /// Root sees all; whoever can't become root sees what they may.
  private static func user(_ guest: any Guest) -> JobUser {
    if case .refused = guest.facts.root { .login } else { .root }
  }
}
