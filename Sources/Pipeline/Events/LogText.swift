/// How a guest is reached, by the name that AIB's log has for it (`aib.md` b.6).
public enum GuestChannel: Sendable {
  /// SSH.
  case ssh
  /// SSH, to a Windows machine.
  case windowsSSH
  /// WinRM.
  case winRM

  /// What the log calls it.
  var name: String { self == .winRM ? "WinRM" : "SSH" }
  /// What the log says when the guest is reached.
  var connected: String { self == .winRM ? "WinRM connected." : "Connected to SSH!" }
}

/// The lines of `customization.log` for the events of a run.
struct LogText {
  private struct Source: Hashable {
    let step: Int
    let stream: OutputStream
  }

  /// A guest's output is named after the builder that AIB uses.
  private static let builder = "azure-arm"

  private let packer: String
  private let connectTimeout: Duration
  private let outputHeads: [OutputStream: [UInt8]]
  private var text: [UInt8] = []
  private var steps: [Int: StepOutline] = [:]
  private var stepCount = 0
  private var lines: [Source: LineAssembler] = [:]
  private var fetched = ""
  private var sentTenths: [Int: Int] = [:]

  private let channel: GuestChannel

  init(run: String, over channel: GuestChannel, connectTimeout: Duration) {
    self.channel = channel
    packer = "[\(run)] PACKER "
    self.connectTimeout = connectTimeout
    outputHeads = [
      .stdout: Array("\(packer)OUT     \(Self.builder): ".utf8),
      .stderr: Array("\(packer)OUT ==> \(Self.builder): ".utf8),
    ]
  }

  /// The lines since the last call.
  mutating func take() -> [UInt8] {
    defer { text.removeAll(keepingCapacity: true) }
    return text
  }

  /// Adds the lines for `event`.
  mutating func write(_ event: BuildEvent, at time: Timestamp) {
    switch event {
    case .runStarted(let run): start(run, time)
    case .phase(let phase): begin(phase, time)
    case .fetching(let uri, _, _):
      if uri != fetched { say("Downloading \(uri)") }
      fetched = uri
    case .connected(let machine, let facts, let wait):
      say(channel.connected)
      info("connected to \(machine) as \(facts.user) after \(Elapsed(wait))", time)
    case .stepStarted(let step): start(step, time)
    case .stepOutput(let step, let stream, let bytes): output(step, stream, bytes)
    case .stepProgress(let step, let sent, let total): progress(step, sent, total)
    case .stepFinished(let result): end(result, time)
    case .stepRetried(let retry):
      for step in retry.steps { steps[step.number] = step }
      say("Retrying step \(retry.number) of \(stepCount), attempt \(retry.attempt)")
      info("Template read again: sha256 \(retry.templateSHA256)", time)
    case .timed(let stage, let duration):
      info("(telemetry) \(stage.rawValue) took \(Elapsed(duration))", time)
    case .connectionLost(let reason): say("Connection lost: \(reason)")
    case .connectionRestored(let wait): say("Connection restored after \(Elapsed(wait))")
    case .restarted(let step, let wait):
      say("Machine restarted in step \(step) of \(stepCount), out of reach for \(Elapsed(wait))")
    case .stateKept(0, let took):
      info("kept the state before the first step, after \(Elapsed(took))", time)
    case .stateKept(let step, let took):
      info("kept the state after step \(step) of \(stepCount), after \(Elapsed(took))", time)
    case .poweredOff(_, let wait): say("Machine powered off after \(Elapsed(wait))")
    case .outputStarted(let output):
      info("Distributing \(output.name) (\(output.type)): \(output.artifact)", time)
    case .outputProgress: break
    case .outputFinished(let result):
      let took = Elapsed(seconds: result.seconds)
      if let output = result.output {
        info("Distributed \(output.name) after \(took): \(output.artifact)", time)
      } else {
        say("Could not distribute \(result.planned.name): \(result.message ?? "")")
      }
    case .warning(let text): say("warning: \(text)")
    case .note(let text): say(text)
    case .canceling(let reason): say("Cancelling build: \(reason)")
    case .runFinished(let result): end(result, time)
    }
  }

  // MARK: The run

  private mutating func start(_ run: RunOutline, _ time: Timestamp) {
    stepCount = run.steps.count
    for step in run.steps { steps[step.number] = step }
    info("kiln run \(run.run): \(run.template) on \(run.on), steps: \(stepCount)", time)
  }

  private mutating func begin(_ phase: RunSubState, _ time: Timestamp) {
    info("\(phase.rawValue)", time)
    guard phase == .building else { return }
    info("Waiting for \(channel.name), up to timeout: \(Elapsed(connectTimeout))", time)
    say("Waiting for \(channel.name) to become available...")
  }

  private mutating func end(_ result: RunResult, _ time: Timestamp) {
    let took = Elapsed(seconds: result.seconds)
    if result.errors.isEmpty {
      line("OUT ", "Build '\(Self.builder)' finished after \(took): \(result.state.rawValue)")
    } else {
      line("OUT ", "Build '\(Self.builder)' errored after \(took): \(result.state.rawValue)")
      line("OUT ==> ", "Some builds didn't complete successfully and had errors:")
      for error in result.errors { line("OUT --> \(Self.builder): ", error) }
      if let hint = result.hint { line("OUT --> \(Self.builder): ", "hint: \(hint)") }
    }
    info("(telemetry) Finalizing.", time)
  }

  // MARK: A step

  private mutating func start(_ step: StepOutline, _ time: Timestamp) {
    steps[step.number] = step
    info("(telemetry) Starting provisioner \(provisioner(step.type))\(place(step))", time)
    switch step.type {
    case "Deprovision" where channel != .ssh:
      say("Provisioning with Powershell...: \(step.summary)")
    case "Shell", "Deprovision": say("Provisioning with shell script: \(step.summary)")
    case "PowerShell": say("Provisioning with Powershell...: \(step.summary)")
    case "WindowsRestart": say("Restarting Machine: \(step.summary)")
    case "WindowsUpdate": say("Running Windows update...: \(step.summary)")
    default: say("\(step.type): \(step.summary)")
    }
  }

  private mutating func output(_ step: Int, _ stream: OutputStream, _ bytes: [UInt8]) {
    let head = outputHeads[stream] ?? []
    lines[Source(step: step, stream: stream), default: LineAssembler()].add(bytes) { line in
      text += head
      LegibleText.append(line, to: &text)
      text.append(UInt8(ascii: "\n"))
    }
  }

  private mutating func progress(_ step: Int, _ sent: Int, _ total: Int) {
    let tenths = total > 0 ? sent * 10 / total : 10
    guard let name = steps[step]?.name, tenths != sentTenths[step] else { return }
    sentTenths[step] = tenths
    say("\(name) \(sent) B / \(total) B  \(tenths * 10).00%")
  }

  private mutating func end(_ result: StepResult, _ time: Timestamp) {
    for stream in [OutputStream.stdout, .stderr] {
      let head = outputHeads[stream] ?? []
      var rest = lines.removeValue(forKey: Source(step: result.number, stream: stream))
      rest?.finish { line in
        text += head
        LegibleText.append(line, to: &text)
        text.append(UInt8(ascii: "\n"))
      }
    }
    sentTenths[result.number] = nil
    if let message = result.message { say(message) }
    let provisioner = provisioner(result.type)
    let code = result.exitCode.map { ", exit code \($0)" } ?? ""
    let step = steps[result.number].map(place) ?? " (step \(result.number))"
    guard result.outcome != .skipped else {
      return info("(telemetry) skipping \(provisioner)\(step)", time)
    }
    info(
      "(telemetry) ending \(provisioner)\(step)"
        + ": \(result.outcome.rawValue) after \(Elapsed(seconds: result.seconds))\(code)", time)
    if result.outcome == .failed || result.outcome == .lost {
      say("Provisioning step had errors: step \(result.number) of \(stepCount) failed")
    }
  }

  /// What AIB's log lacks: which customizer of the template this is.
  private func place(_ step: StepOutline) -> String {
    let position = step.position.map { " at \($0)" } ?? ""
    return " (step \(step.number) of \(stepCount), \(step.title)\(position))"
  }

  /// The name that AIB's log has for a customizer's type.
  private func provisioner(_ type: String) -> String {
    switch type {
    case "WindowsRestart": "windows-restart"
    case "WindowsUpdate": "windows-update"
    case "Deprovision": channel == .ssh ? "shell" : "powershell"
    default: type.lowercased()
    }
  }

  // MARK: Lines

  private mutating func say(_ text: String) { line("OUT ==> \(Self.builder): ", text) }

  private mutating func info(_ text: String, _ time: Timestamp) {
    let parts = time.parts
    let date = zip(parts[..<3], [4, 2, 2]).map { Timestamp.padded($0, $1) }.joined(separator: "/")
    let clock = parts[3...].map { Timestamp.padded($0, 2) }.joined(separator: ":")
    line("ERR \(date) \(clock) [INFO] ", text)
  }

  /// Adds one line for each line of `content`, so that none stands without the mark in front.
  private mutating func line(_ mark: String, _ content: String) {
    for piece in content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      text += packer.utf8
      text += mark.utf8
      LegibleText.append(Array(piece.utf8)[...], to: &text)
      text.append(UInt8(ascii: "\n"))
    }
  }
}
