import Digests
import Pipeline
import Template

/// A plan as it is printed.
struct PlanView: Encodable {
  private let template: String
  private let sha256: String
  private let on: String
  /// Who `root` is there, for people.
  private let root: String
  private let buildTimeoutInMinutes: Int64
  private let source: String?
  private let machine: String?
  private let steps: [StepView]
  private let outputs: [PlannedOutput]
  private let notes: [String]
  /// What was said of the template, which is told on standard error as well.
  private let warnings: [Diagnostic]

  private enum CodingKeys: CodingKey {
    case template, sha256, on, buildTimeoutInMinutes, source, machine, steps, outputs, notes,
      warnings
  }

  private struct StepView: Encodable {
    let number: Int
    let type: String
    let name: String
    let summary: String
    let user: String?
    let address: String?
    let bytes: Int?
    let sha256: String?
    let skipped: Bool?
    let position: String?
    let state: PlannedState?

    init(_ step: Step, _ state: PlannedState?) {
      self.init(step.outline, user: step.user?.rawValue, bytes: step.size, skipped: nil, state)
    }

    init(skipped outline: StepOutline) {
      self.init(outline, user: nil, bytes: nil, skipped: true, nil)
    }

    private init(
      _ outline: StepOutline, user: String?, bytes: Int?, skipped: Bool?, _ state: PlannedState?
    ) {
      number = outline.number
      type = outline.type
      name = outline.name
      summary = outline.summary
      self.user = user
      address = outline.address
      self.bytes = bytes
      sha256 = outline.sha256
      self.skipped = skipped
      position = outline.position
      self.state = state
    }
  }

  init(
    _ plan: Plan, on site: BakingSite, _ warnings: [Diagnostic], states: [Int: PlannedState]
  ) {
    self.warnings = warnings
    template = plan.template
    sha256 = plan.templateDigest.hex
    on = site.name
    root = plan.system == .windows ? "the system" : "root"
    source = site.image?.source
    machine = site.image?.machine
    outputs = site.image?.outputs ?? []
    buildTimeoutInMinutes = plan.buildTimeout.components.seconds / 60
    notes = plan.notes
    steps =
      (plan.allSteps.map { StepView($0, states[$0.outline.number]) }
      + plan.skipped.map(StepView.init(skipped:)))
      .sorted { $0.number < $1.number }
  }

  /// The plan for people.
  var lines: [String] {
    var lines = ["\(template) on \(on), at most \(buildTimeoutInMinutes) minutes"]
    if let source { lines.append("from \(source)") }
    if let machine { lines.append("in a VM of \(machine)") }
    for step in steps {
      let title = step.name == step.type ? step.type : "\(step.type) \"\(step.name)\""
      let user = step.user.map { ["root": " as \(root)", "elevated": " elevated"][$0] ?? "" } ?? ""
      let what = step.skipped == nil ? step.summary : "left out"
      lines.append("  [\(step.number)/\(steps.count)] \(title)\(user): \(what)")
      if let sha256 = step.sha256, let bytes = step.bytes {
        lines.append("        sha256 \(sha256), \(bytes) bytes")
      }
      if let state = step.state {
        lines.append("        state \(state.key.prefix(12))\(state.isKept ? ", kept" : "")")
      }
    }
    for output in outputs {
      lines.append("  -> \(output.name) (\(output.type)): \(output.artifact)")
    }
    return lines + notes.map { "note: \($0)" }
  }
}

/// The state of the VM after a step, before the build.
struct PlannedState: Encodable {
  /// What it is found by.
  let key: String
  /// Whether it is there.
  let isKept: Bool

  private enum CodingKeys: String, CodingKey {
    case key
    case isKept = "kept"
  }
}
