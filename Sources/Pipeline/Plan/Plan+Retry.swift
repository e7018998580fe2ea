extension Plan {
  /// Makes sure that a build by this plan can go on by `newer`, which its template now gives: the
  /// steps must be the same but for what they bring.
  /// - Throws: ``ReplanError`` that names the first difference.
  public func admit(_ newer: Plan) throws(ReplanError) {
    let (old, new) = (outlines, newer.outlines)
    let reason: String?
    if skipped.map(\.number) != newer.skipped.map(\.number) {
      reason = "other steps are left out than before"
    } else if old.count != new.count {
      reason = "it had \(old.count) steps, and now has \(new.count)"
    } else {
      reason = zip(old, new).first { $0.type != $1.type }.map { old, new in
        "step \(old.number) was a \(old.type) customizer, and now is a \(new.type) customizer"
      }
    }
    guard let reason else { return }
    throw ReplanError(
      description: "could not go on with `\(newer.template)` as it now is: \(reason)",
      hint: "a build that has begun takes changes of what its steps do, not of their order; "
        + "change the template back, or begin a new build")
  }

  /// The numbers of the steps before `number` that `newer` has with another script, file or
  /// destination.
  public func changes(in newer: Plan, before number: Int) -> [Int] {
    zip(allSteps, newer.allSteps)
      .filter { $0.outline.number < number && ($0.digest != $1.digest || $0.place != $1.place) }
      .map(\.0.outline.number)
  }
}

/// A template was changed during its build so that the build can't go on by it.
public struct ReplanError: Error, Sendable, Equatable, Hinting, CustomStringConvertible {
  /// The sentence for the user.
  public let description: String
  /// What to do next.
  public let hint: String?
}

extension Step {
  /// Where its file goes, if it places one.
  fileprivate var place: String? {
    if case .file(let file) = work { file.destination } else { nil }
  }

  /// The same step once more: an attempt is a job of its own, since no job ever starts twice.
  func attempt(_ number: Int) -> Step {
    guard number > 1 else { return self }
    switch work {
    case .script(var job):
      job.id += ".\(number)"
      return Step(outline, .script(job))
    case .generalize(var job):
      job.id += ".\(number)"
      return Step(outline, .generalize(job))
    case .file(var file):
      file.id += ".\(number)"
      return Step(outline, .file(file))
    case .powerShell(var work):
      work.job.id += ".\(number)"
      return Step(outline, .powerShell(work))
    case .windowsRestart(var work):
      work.id += ".\(number)"
      return Step(outline, .windowsRestart(work))
    case .windowsUpdate(var job):
      job.id += ".\(number)"
      return Step(outline, .windowsUpdate(job))
    }
  }
}
