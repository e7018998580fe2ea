import ArgumentParser
import Pipeline

/// `kiln cancel`: stops a run of another process.
struct Cancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Stop a run, and wait until it has cleaned up.")

  /// How long a run has to clean up before this command gives up waiting.
  private static let limit = Duration.seconds(30)
  private static let pause = Duration.milliseconds(50)

  @OptionGroup var chosen: RunArgument
  @OptionGroup var output: JSONFlag

  func run() async throws {
    let directory = try chosen.find()
    let process = try runningProcess(of: directory)
    if try directory.requestCancel() == .first, try process.terminate() == .alive {
      StandardError.write("asked run \(directory.run) to stop")
    } else {
      StandardError.write("run \(directory.run) was asked to stop before")
    }
    let state = try await end(of: directory, process)
    if output.json {
      try StandardOutput.write(json: ["run": directory.run.text, "state": state.rawValue])
    } else {
      try StandardOutput.write(lines: ["\(directory.run) \(state.rawValue)"])
    }
    guard state == .canceled else {
      throw CommandFault(
        "could not cancel run \(directory.run): it ended by itself, \(state.rawValue)")
    }
  }

  private func runningProcess(of directory: RunDirectory) throws -> ProcessIdentity {
    let what = "could not cancel run \(directory.run)"
    let (record, standing) = try directory.standing()
    switch standing {
    case .recorded(let state) where state.isFinal:
      throw CommandFault(
        "\(what): it has ended already, \(state.rawValue)",
        hint: "`kiln show \(directory.run)` shows how it went")
    case .recorded:
      return record.process
    case .interrupted:
      throw CommandFault(
        "\(what): its process \(record.process.pid) is gone",
        hint: "`kiln gc` removes what it left behind")
    case .elsewhere(let host):
      throw CommandFault(
        "\(what): it runs on \(host)", hint: "run `kiln cancel \(directory.run)` there")
    }
  }

  /// The state in which the run ends.
  private func end(
    of directory: RunDirectory, _ process: ProcessIdentity
  ) async throws -> RunState {
    let deadline = ContinuousClock.now + Self.limit
    while ContinuousClock.now < deadline {
      switch try directory.standing().standing {
      case .recorded(let state) where state.isFinal:
        return state
      case .interrupted:
        throw CommandFault(
          "run \(directory.run) ended without cleaning up: its process \(process.pid) is gone",
          hint: "`kiln gc` removes what it left behind")
      default:
        try await Task.sleep(for: Self.pause)
      }
    }
    let isCanceling = try directory.record().lastRunStatus.runState == .canceling
    throw CommandFault(
      "waited \(Elapsed(Self.limit)) for run \(directory.run) to end: "
        + (isCanceling ? "it still cleans up" : "it has not reacted to SIGTERM"),
      hint: isCanceling
        ? "`kiln log -f \(directory.run)` shows what it does"
        : "`kill -9 \(process.pid)` ends it, and then `kiln gc` removes what it left behind",
      exit: .timedOut)
  }
}
