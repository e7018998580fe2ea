import ArgumentParser
import Pipeline
import Template

extension Baking {
  /// Stops at the last step of the choice, which then runs as often as somebody likes, and ends the
  /// process with the exit code that says how it went.
  func debug(_ manner: DebugManner) async throws {
    let document = try await document()
    let chosen = try arguments.choice.places(in: document.reading)
    guard chosen.count == 1 else {
      throw CommandFault(
        "could not debug `\(arguments.template)`: it has \(chosen.count) image templates",
        hint: "choose one with --only-template", exit: .usage)
    }
    let target = BakingTarget(document, document.reading.templates[chosen[0]]).withoutOutputs
    if manner.inventory != nil, let host, case .windows = try await settled(host, target.template) {
      throw CommandFault(
        "could not tell what a step changes on \(arguments.target): the list of files and packages is "
          + "made for Linux", hint: "leave --diff out: all else works on Windows", exit: .usage)
    }
    let result = try await run(target) { plan, workbench in
      guard let step = plan.steps.last else {
        throw CommandFault("could not stop at a step of `\(plan.template)`: it has none")
      }
      return DebugGuide(
        at: step.outline.number, Person(at: workbench.terminal), workbench,
        DebugGuide.Habits(
          watch: manner.watch == .on ? try FileWatch { [files] in files.all } : nil,
          inventory: manner.inventory))
    }
    let isLeft = result.state == .canceled && signals.stop == nil
    throw ExitCode(isLeft ? KilnExit.succeeded.rawValue : result.exitCode)
  }
}
