import Pipeline

/// All that is known of a run as one page, which needs nothing but itself.
struct ReportPage {
  let record: RunRecord
  let standing: RunStanding
  let timeline: RunTimeline
  let transcripts: StepTranscripts

  /// The page's bytes.
  var bytes: [UInt8] {
    let page = HTML.page(
      title: "kiln \(record.run): \(standing)", style: ReportStyle.sheet,
      [head, problems, section("Where time went", [timing]), section("Steps", steps), outputs])
    return Array(page.markup.utf8)
  }

  private func section(_ title: String, _ content: [HTML]) -> HTML {
    .element(.section, [], [.element(.h2, [], [.text(title)])] + content)
  }

  // MARK: The run

  private var head: HTML {
    let status = record.lastRunStatus
    var facts = [
      ("state", "\(standing)"), ("template", record.template),
      ("sha256 of the template", record.templateSHA256), ("on", record.on),
      ("started", "\(status.startTime)"),
    ]
    if status.runState.isFinal {
      facts.append(("ended", "\(status.endTime), after \(Elapsed(seconds: timeline.seconds))"))
    }
    if let machine = record.machine { facts.append(("machine", machine)) }
    if let guest = record.guest { facts.append(("user", guest.user)) }
    if let code = record.exitCode { facts.append(("exit code", "\(code)")) }
    return .all([
      .element(.h1, [], [.text("kiln run \(record.run)")]),
      .element(
        .dl, [],
        facts.flatMap { [.element(.dt, [], [.text($0)]), .element(.dd, [], [.text($1)])] }),
    ])
  }

  private var problems: HTML {
    guard !record.errors.isEmpty else { return .all([]) }
    let lines = record.errors.enumerated().map { ($0 == 0 ? "error: " : "because: ") + $1 }
    let hint = record.hint.map { ["hint: \($0)"] } ?? []
    return section(
      "What went wrong",
      (lines + hint).map { .element(.p, [.look("bad")], [.text($0)]) })
  }

  // MARK: Time

  private var timing: HTML {
    let rows = timeline.parts.map { part -> HTML in
      let whole = max(timeline.seconds, 0.001)
      let isBad = part.outcome.map { !$0.isGood } ?? false
      let style =
        "margin-left:\(Self.percent(part.start / whole));"
        + "width:\(Self.percent(part.seconds / whole))"
      let bar = HTML.element(
        .div, [.look(isBad ? "bar bad" : "bar"), HTML.Attribute("style", style)])
      let outcome = part.outcome.map { " (\($0.rawValue))" } ?? ""
      return .element(
        .tr, [],
        [
          .element(.td, [], [.text(part.title(record.steps) + outcome)]),
          .element(.td, [.look("time")], [.text("\(Elapsed(seconds: part.seconds))")]),
          .element(.td, [.look("track")], part.part.isOther ? [] : [bar]),
        ])
    }
    let headings = ["part", "duration", "from the run's beginning to its end"]
    return .element(
      .table, [],
      [
        .element(
          .thead, [], [.element(.tr, [], headings.map { .element(.th, [], [.text($0)]) })]),
        .element(.tbody, [], rows),
      ])
  }

  /// A share of the whole with two decimals.
  private static func percent(_ share: Double) -> String {
    let hundredths = Int((min(max(share, 0), 1) * 10_000).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)%"
  }

  // MARK: Steps

  private var steps: [HTML] {
    record.steps.flatMap { step in
      let results = record.results.filter { $0.number == step.number }
        .sorted { $0.attempt < $1.attempt }
      return results.isEmpty
        ? [attempt(step, nil)] : results.map { attempt(step, $0) }
    }
  }

  private func attempt(_ step: StepOutline, _ result: StepResult?) -> HTML {
    let again = result.map { $0.attempt > 1 ? ", attempt \($0.attempt)" : "" } ?? ""
    let outcome = result?.outcome.rawValue ?? "not run"
    let look = result.map { $0.outcome == .skipped ? "mute" : $0.outcome.isGood ? "good" : "bad" }
    let code = result?.exitCode.map { ", exit code \($0)" } ?? ""
    let ran = result.map { $0.outcome == .skipped ? "" : " after \(Elapsed(seconds: $0.seconds))" }
    let title = "[\(step.number)/\(record.steps.count)] \(step.title)\(again): "
    let summary = HTML.element(
      .summary, [],
      [
        .text(title),
        .element(.span, [.look(look ?? "mute")], [.text("\(outcome)\(ran ?? "")\(code)")]),
      ])
    var facts = [step.summary] + (step.position.map { ["at \($0)"] } ?? [])
    if let message = result?.message { facts.append(message) }
    let paragraphs = facts.map { HTML.element(.p, [], [.text($0)]) }
    let hash = (result.map { $0.sha256 } ?? step.sha256).map {
      [HTML.element(.p, [], [.text("sha256 "), .element(.code, [], [.text($0)])])]
    }
    let isBad = result.map { !$0.outcome.isGood && $0.outcome != .skipped } ?? false
    return .element(
      .details, isBad ? [HTML.Attribute("open", "")] : [],
      [summary] + paragraphs + (hash ?? []) + output(step, result))
  }

  private func output(_ step: StepOutline, _ result: StepResult?) -> [HTML] {
    let attempt = StepTranscripts.Attempt(step: step.number, number: result?.attempt ?? 1)
    let transcript = transcripts[attempt]
    guard !transcript.head.isEmpty else { return [] }
    func lines(_ lines: [StepTranscripts.Line]) -> HTML {
      .all(
        lines.map { line in
          let text = HTML.text(line.text)
          return .all([
            line.stream == .stderr ? .element(.span, [.look("stderr")], [text]) : text, .newline,
          ])
        })
    }
    let gap =
      transcript.dropped > 0
      ? [HTML.element(.p, [.look("mute")], [.text("… \(transcript.dropped) lines left out …")])]
      : []
    let rest = transcript.tail.isEmpty ? [] : [HTML.element(.pre, [], [lines(transcript.tail)])]
    return [.element(.pre, [], [lines(transcript.head)])] + gap + rest
  }

  // MARK: Outputs

  private var outputs: HTML {
    guard let results = record.outputs, !results.isEmpty else { return .all([]) }
    let facts = results.flatMap { result -> [HTML] in
      let made = result.output.map { output in
        [output.artifact] + output.files.filter { $0 != output.artifact }
      }
      let text = made?.joined(separator: ", ") ?? "failed: \(result.message ?? "")"
      return [
        .element(.dt, [], [.text("\(result.planned.name) (\(result.planned.type))")]),
        .element(.dd, [], [.text(text)]),
      ]
    }
    return section("Outputs", [.element(.dl, [], facts)])
  }
}
