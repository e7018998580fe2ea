import ArgumentParser
import Pipeline

/// `kiln runs`: the runs of this user.
struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List the runs, newest first.")

  @OptionGroup var output: JSONFlag

  func run() throws {
    let rows = try RunArchive.ofUser().all().map(RunRow.init)
    if output.json { return try StandardOutput.write(json: rows) }
    guard !rows.isEmpty else { return StandardError.write("there are no runs yet") }
    var table = Table("RUN", "TEMPLATE", "ON", "STATE", "STEPS", "DURATION", "STARTED")
    for row in rows {
      table.add(
        row.run, row.template ?? "-", row.on ?? "-", row.state,
        row.steps.map { "\(row.stepsDone ?? 0)/\($0)" } ?? "-",
        row.seconds.map { "\(Elapsed(seconds: $0))" } ?? "-", row.started)
    }
    try StandardOutput.write(lines: table.lines)
    for row in rows { if let problem = row.problem { StandardError.write("warning: \(problem)") } }
    if rows.contains(where: { $0.state == "\(RunStanding.interrupted)" }) {
      StandardError.write("hint: `kiln gc` removes what interrupted runs left behind")
    }
  }
}

/// A run in the list.
struct RunRow: Encodable {
  let run: String
  var template: String?
  var on: String?
  /// The state in AIB's words, or `interrupted`, or `unreadable`.
  var state: String
  var stepsDone: Int?
  var steps: Int?
  /// How long it took or has taken; nobody knows it of a run that was interrupted.
  var seconds: Double?
  var startTime: Timestamp?
  var exitCode: Int32?
  var problem: String?

  init(_ directory: RunDirectory) {
    run = directory.run.text
    do throws(RecordError) {
      let (record, standing) = try directory.standing()
      template = LegibleText.legible(record.template)
      on = LegibleText.legible(record.on)
      state = standing.description
      steps = record.steps.count
      stepsDone = Set(record.results.filter(\.outcome.isGood).map(\.number)).count
      startTime = record.lastRunStatus.startTime
      exitCode = record.exitCode
      if standing != .interrupted {
        seconds = record.lastRunStatus.elapsed(now: .now()) / .seconds(1)
      }
    } catch {
      state = "unreadable"
      problem = error.description
    }
  }

  /// The start to the second; a run's name tells it where the record doesn't.
  var started: String {
    startTime.map { "\(Timestamp(seconds: $0.seconds, nanoseconds: 0))" } ?? "-"
  }
}
