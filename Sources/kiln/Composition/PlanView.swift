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
    let sha256: String
    let position: String?
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
    steps = plan.allSteps.map { step in
      let outline = step.outline
      let user: String?
      let digest: SHA256Digest
      switch step.work {
      case .script(let job), .generalize(let job): (user, digest) = (job.user.rawValue, job.digest)
      case .file(let file): (user, digest) = (nil, file.digest)
      }
      return StepView(
        number: outline.number, type: outline.type, name: outline.name, summary: outline.summary,
        user: user, sha256: digest.hex, position: outline.position)
    }
  }

  /// The plan for people.
  var lines: [String] {
    var lines = ["\(template) on \(on), at most \(buildTimeoutInMinutes) minutes"]
    if let source { lines.append("from \(source)") }
    if let machine { lines.append("in a VM of \(machine)") }
    for step in steps {
      let title = step.name == step.type ? step.type : "\(step.type) \"\(step.name)\""
      let user = step.user == "root" ? " as root" : ""
      lines.append("  [\(step.number)/\(steps.count)] \(title)\(user): \(step.summary)")
      lines.append("        sha256 \(step.sha256)")
    }
    for output in outputs {
      lines.append("  -> \(output.name) (\(output.type)): \(output.artifact)")
    }
    return lines + notes.map { "note: \($0)" }
  }
}
