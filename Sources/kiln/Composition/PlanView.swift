import Digests
import Pipeline

/// A plan as it is printed.
struct PlanView: Encodable {
  private let template: String
  private let sha256: String
  private let on: String
  private let buildTimeoutInMinutes: Int64
  private let source: String?
  private let machine: String?
  private let steps: [StepView]
  private let outputs: [PlannedOutput]
  private let notes: [String]

  private struct StepView: Encodable {
    let number: Int
    let type: String
    let name: String
    let summary: String
    let user: String?
    let sha256: String?
    let skipped: Bool?
    let position: String?

    init(_ step: Step) {
      self.init(step.outline, user: step.user?.rawValue, skipped: nil)
    }

    init(skipped outline: StepOutline) {
      self.init(outline, user: nil, skipped: true)
    }

    private init(_ outline: StepOutline, user: String?, skipped: Bool?) {
      number = outline.number
      type = outline.type
      name = outline.name
      summary = outline.summary
      self.user = user
      sha256 = outline.sha256
      self.skipped = skipped
      position = outline.position
    }
  }

  init(_ plan: Plan, on site: BakingSite) {
    template = plan.template
    sha256 = plan.templateDigest.hex
    on = site.name
    source = site.image?.source
    machine = site.image?.machine
    outputs = site.image?.outputs ?? []
    buildTimeoutInMinutes = plan.buildTimeout.components.seconds / 60
    notes = plan.notes
    steps =
      (plan.allSteps.map(StepView.init) + plan.skipped.map(StepView.init(skipped:)))
      .sorted { $0.number < $1.number }
  }

  /// The plan for people.
  var lines: [String] {
    var lines = ["\(template) on \(on), at most \(buildTimeoutInMinutes) minutes"]
    if let source { lines.append("from \(source)") }
    if let machine { lines.append("in a VM of \(machine)") }
    for step in steps {
      let title = step.name == step.type ? step.type : "\(step.type) \"\(step.name)\""
      let user = step.user == "root" ? " as root" : ""
      let what = step.skipped == nil ? step.summary : "left out"
      lines.append("  [\(step.number)/\(steps.count)] \(title)\(user): \(what)")
      if let sha256 = step.sha256 { lines.append("        sha256 \(sha256)") }
    }
    for output in outputs {
      lines.append("  -> \(output.name) (\(output.type)): \(output.artifact)")
    }
    return lines + notes.map { "note: \($0)" }
  }
}
