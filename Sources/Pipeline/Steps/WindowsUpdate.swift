import Digests
import Template

/// The WindowsUpdate customizer: rounds of searching, downloading, installing and restarting, until
/// a search finds nothing more (`aib.md` c.5).
enum WindowsUpdateStep {
  /// How many rounds there are at most: Windows takes two or three.
  static let roundLimit = 20
  /// How long one round may take, and its restart: what the service allows for a restart.
  static let roundTime = Duration.seconds(4 * 3600)
  /// What the script ends with where the machine is to restart, and to look again.
  static let restartCode: Int32 = 101

  /// The script of each round, which runs as the system: no one else may install updates without
  /// sitting at the machine.
  static func job(_ number: Int, _ options: WindowsUpdateOptions) throws(DigestError) -> GuestJob {
    let filters = options.filters.map(quoted).joined(separator: ", ")
    let head = """
      $criteria = \(quoted(options.searchCriteria))
      $filters = @(\(filters))
      $limit = \(options.updateLimit)
      $memory = 'updates-\(number)'

      """
    let text = head + String(decoding: PackageResources.update_ps1, as: UTF8.self)
    let bytes = PowerShellStep.marked(Array(text.utf8))
    return GuestJob(
      id: "step-\(number)", script: bytes, digest: try SHA256Digest(of: bytes),
      interpreter: "powershell", interpreterArgument: PowerShellStrictness.strict.rawValue,
      user: .root, restarts: .none)
  }

  /// Updates the machine as step `outline`.
  static func run(
    _ job: GuestJob, as outline: StepOutline, on guest: any Guest, _ events: any EventSink
  ) async throws -> StepEnd {
    let report = StepReport(outline.number, events)
    for round in 1...roundLimit {
      events.receive(.note("Windows update, round \(round)"))
      var turn = job
      turn.id += "-round-\(round)"
      let end = try await withDeadline(roundTime, for: "round \(round) of updates") { [turn] in
        try await guest.run(turn, ahead: .none, report: report.take)
      }
      switch end {
      case .exited(0), .exitedBeforeRestart(0):
        return StepEnd(round == 1 ? .succeeded : .restarted, exitCode: 0)
      case .exited(restartCode), .exitedBeforeRestart(restartCode):
        let restart = try RestartWork(
          outline.number, WindowsRestartOptions(timeout: GoDuration(roundTime)))
        try await RestartCourse(restart, outline, guest, events).run()
      case .exited(let code), .exitedBeforeRestart(let code):
        throw StepFailure(outline, .exitCode(code))
      case .restarted(_, let away):
        // Some updates restart the machine by themselves; the next round finds what is left.
        events.receive(.restarted(step: outline.number, outOfReach: away))
      case .killed: throw StepFailure(outline, .killed)
      }
    }
    throw StepFailure(outline, .updatesWithoutEnd(roundLimit))
  }

  /// The text as PowerShell reads a value in single quotes, which are all kinds of them to it.
  private static func quoted(_ text: String) -> String {
    var quoted = "'"
    for character in text {
      if "'\u{2018}\u{2019}\u{201A}\u{201B}".contains(character) { quoted.append(character) }
      quoted.append(character)
    }
    return quoted + "'"
  }
}
