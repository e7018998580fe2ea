import ArgumentParser
import Pipeline

/// Which steps run.
struct SelectionArguments: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Run these steps only: names, numbers, or globs as in 'install-*'.", valueName: "step"))
  var only: [String] = []

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Leave these steps out.", valueName: "step"))
  var skip: [String] = []

  @Option(help: ArgumentHelp("Leave out all steps before this one.", valueName: "step"))
  var from: String?

  @Option(help: ArgumentHelp("Leave out all steps after this one.", valueName: "step"))
  var until: String?

  /// What was chosen.
  var selection: StepSelection {
    StepSelection(only: only, skip: skip, from: from, until: until)
  }
}

/// When somebody at the terminal is asked.
struct AskingArguments: ParsableArguments {
  /// What happens when a step fails.
  enum OnFailure: String, ExpressibleByArgument, CaseIterable {
    case ask, cleanup
  }

  @Option(
    help: ArgumentHelp(
      "When a step fails: cleanup ends the build; ask lets you try again, look around, or go on.",
      valueName: "what"))
  var onFailure: OnFailure = .cleanup

  @Flag(help: "Ask before each step.")
  var step = false

  /// Makes sure that there is somebody to ask before each step, where that is wanted.
  func check() throws {
    guard !step || Person.isThere else {
      throw CommandFault(
        "could not ask before each step: standard error is not a terminal",
        hint: "leave `--step` out, or choose steps with --only, --skip, --from and --until",
        exit: .usage)
    }
  }

  /// Who says how the build goes on.
  func guide(_ workbench: Workbench) -> any StepGuide {
    var moments: TerminalGuide.Moments = step ? .beforeSteps : []
    if onFailure == .ask { moments.insert(.afterFailures) }
    guard !moments.isEmpty, let person = Person(at: workbench.terminal) else { return Unattended() }
    return TerminalGuide(person, at: moments, workbench)
  }
}
