import ArgumentParser
import Pipeline

/// `kiln show`: all that is known of a run.
struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show how a run went: its steps, errors and files.")

  @OptionGroup var chosen: RunArgument
  @OptionGroup var output: JSONFlag

  @Flag(help: "Show where the time went: each stage, step and output.")
  var timing = false

  @Option(
    help: ArgumentHelp(
      "Write all of it into one HTML page, which needs nothing but itself.", valueName: "file"))
  var report: String?

  func run() throws {
    let directory = try chosen.find()
    let (record, standing) = try directory.standing()
    if let report { try write(report, of: directory, record, standing) }
    let timeline = timing ? try RunTimeline(of: directory) : nil
    let sheet = RunSheet(
      state: standing.description, record: record, files: RunSheet.Files(directory),
      leftBehind: try directory.journal().unfinished.map(\.description), timing: timeline)
    if output.json { return try StandardOutput.write(json: sheet) }
    if let timeline {
      return try StandardOutput.write(lines: TimingTable(timeline, record.steps).lines)
    }
    if report == nil { try StandardOutput.write(lines: sheet.lines(standing)) }
  }

  private func write(
    _ path: String, of directory: RunDirectory, _ record: RunRecord, _ standing: RunStanding
  ) throws {
    let page = ReportPage(
      record: record, standing: standing, timeline: try RunTimeline(of: directory),
      transcripts: try StepTranscripts(of: directory))
    do throws(RecordError) {
      try OutputFile.replace(path, with: page.bytes)
    } catch {
      throw CommandFault(
        error.description,
        hint: "name a file in a directory that is there and that you may write to")
    }
    StandardError.write("wrote the report \(path)")
  }
}

/// All that is known of a run.
struct RunSheet: Encodable {
  /// Where its files are.
  struct Files: Encodable {
    let directory: String
    let record: String
    let log: String
    let events: String
    let journal: String
    let outputs: String

    init(_ run: RunDirectory) {
      directory = run.path
      record = run.recordPath
      log = run.logPath
      events = run.eventsPath
      journal = run.journalPath
      outputs = run.outputsPath
    }
  }

  /// The state in AIB's words, or `interrupted`.
  let state: String
  let record: RunRecord
  let files: Files
  /// What it made outside and is not known to be gone.
  let leftBehind: [String]
  /// Where the time went, where that was asked for.
  let timing: RunTimeline?

  func lines(_ standing: RunStanding) -> [String] {
    facts(standing) + [""] + Table(steps: StepRow.rows(record.steps, record.results)).lines
      + outputs + problems(standing) + [
        "", "log:      \(files.log)", "events:   \(files.events)", "outputs:  \(files.outputs)",
      ]
  }

  private func facts(_ standing: RunStanding) -> [String] {
    let status = record.lastRunStatus
    let phase = standing.isFinal ? "" : status.runSubState.map { ", \($0.rawValue)" } ?? ""
    var lines = [
      "run:      \(record.run)", "state:    \(state)\(phase)",
      "template: \(LegibleText.legible(record.template)) (sha256 \(record.templateSHA256))",
      "on:       \(LegibleText.legible(record.on))", "started:  \(status.startTime)",
    ]
    if let machine = record.machine { lines.append("machine:  \(LegibleText.legible(machine))") }
    if status.runState.isFinal {
      lines.append("ended:    \(status.endTime), after \(Elapsed(status.elapsed(now: .now())))")
    } else {
      lines.append("process:  \(record.process.pid) on \(record.process.host)")
    }
    if let code = record.exitCode { lines.append("exit:     \(code)") }
    return lines
  }

  private var outputs: [String] {
    guard let results = record.outputs, !results.isEmpty else { return [] }
    return [""]
      + results.map { result in
        let what = result.output?.artifact ?? "failed: \(result.message ?? "")"
        return "output \(result.planned.name): \(LegibleText.legible(what))"
      }
  }

  private func problems(_ standing: RunStanding) -> [String] {
    var lines = record.results.compactMap { step in
      let attempt = step.attempt > 1 ? ", attempt \(step.attempt)" : ""
      return step.message.map { "step \(step.number)\(attempt): \($0)" }
    }
    lines += record.errors.enumerated().map { ($0 == 0 ? "error: " : "  because: ") + $1 }
    lines += record.hint.map { ["hint: \($0)"] } ?? []
    lines += leftBehind.map { "left behind: \($0)" }
    if standing == .interrupted {
      lines += ["hint: its process is gone; `kiln gc` removes what it left behind"]
    }
    return lines.isEmpty ? [] : [""] + lines.map(LegibleText.legible)
  }
}
