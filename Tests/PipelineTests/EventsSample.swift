import Pipeline
import Synchronization

/// Keeps the events that it is given.
final class EventKeeper: EventSink {
  private let kept = Mutex<[BuildEvent]>([])

  func receive(_ event: BuildEvent) { kept.withLock { $0.append(event) } }

  var events: [BuildEvent] { kept.withLock { $0 } }

  /// All output of a stream, as text.
  func output(_ wanted: OutputStream = .stdout) -> String {
    let bytes = events.flatMap { event -> [UInt8] in
      if case .stepOutput(_, wanted, let bytes) = event { return bytes }
      return []
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension BuildEvent {
  static func output(
    _ text: String, _ stream: Pipeline.OutputStream = .stdout, step: Int = 1
  ) -> BuildEvent {
    .stepOutput(step: step, stream, Array(text.utf8))
  }

  static func finished(
    _ outcome: StepOutcome = .succeeded, code: Int32? = 0, message: String? = nil, step: Int = 1
  ) -> BuildEvent {
    .stepFinished(
      StepResult(
        number: step, name: step == 1 ? "nginx" : "File", type: step == 1 ? "Shell" : "File",
        outcome: outcome, exitCode: code, seconds: 3.21, message: message))
  }

  static let sampleSteps = [
    StepOutline(
      number: 1, name: "nginx", type: "Shell", summary: "3 inline lines",
      position: "template.json:42:7"),
    StepOutline(
      number: 2, name: "File", type: "File", summary: "https://h/a to /etc/a", position: nil),
  ]

  /// A run with two steps of which the second fails, with most of what can happen.
  static let sampleRun: [BuildEvent] = [
    .runStarted(
      RunOutline(
        run: "20261123-134812-k3f9", template: "template.json", on: "ssh://me@host",
        steps: sampleSteps)),
    .fetching(uri: "https://h/a", received: 0, of: 10),
    .fetching(uri: "https://h/a", received: 10, of: 10),
    .phase(.building),
    .connected(
      machine: "me@host",
      GuestFacts(user: "me", root: .sudo, directory: "/var/tmp/kiln", bootIdentity: "b"),
      after: .milliseconds(1500)),
    .phase(.customizing),
    .stepStarted(sampleSteps[0]),
    .output("one\ntw"), .output("o\r\n10%\r50%\r100%\n"),
    .output("careful\n", .stderr), .output("no end"),
    .connectionLost("the peer is silent"), .connectionRestored(after: .seconds(4)),
    .restarted(step: 1, outOfReach: .seconds(62)),
    .finished(),
    .stepStarted(sampleSteps[1]),
    .stepProgress(step: 2, sent: 5, of: 10), .stepProgress(step: 2, sent: 10, of: 10),
    .warning("the disk is nearly full"), .note("a remark"),
    .finished(.failed, code: nil, message: "could not place `/etc/a`: no such directory", step: 2),
    .runFinished(
      RunResult(
        state: .failed, seconds: 192.5,
        errors: ["step 2 of 2, File \"File\" failed", "could not place `/etc/a`"],
        hint: "make the directory first", exitCode: 1)),
  ]
}
